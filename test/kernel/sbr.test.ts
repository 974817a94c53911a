/** sbr: tables, gateways, hints; several interfaces at once; refusals. */

import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import { ask, type Keys, rich, routed, rules, table } from '../harness/behind.ts'
import { privateHost, removeContainer } from '../harness/host.ts'
import { inContainer, routes } from '../harness/look.ts'
import type { Engine } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()

const engines: Engine[] = ['quickjs', 'node']

for (const engine of engines)
  test(`${engine}: each address has a rule and a table, with the subnet and the default route, and table main has neither`, async () => {
    const { container, request } = routed()
    const result = await added({ ...request, engine })
    assert.equal(result, request.config.prevResult)
    assert.equal([rules(container, 4), rules(container, 6)], [['10.9.0.2 100'], ['fd09::2 101']])
    assert.equal(table(container, 100, 4), [
      'default via 10.9.0.1 dev eth0',
      '10.9.0.0/24 dev eth0 src 10.9.0.2',
    ])
    assert.equal(table(container, 101, 6), [
      'fd09::/64 dev eth0',
      'fe80::/64 dev eth0',
      'default via fd09::1 dev eth0',
    ])
    assert.equal(table(container, 'main', 4), [])
    assert.equal(
      table(container, 'main', 6).filter((line) => line.includes('dev eth0')),
      ['fe80::/64 dev eth0'],
    )
    assert.equal(await ask('CHECK', { ...request, engine }), done)
    assert.equal(await ask('DEL', { ...request, engine }), done)
    assert.equal([rules(container, 4), rules(container, 6)], [[], []])
    assert.equal([...table(container, 100, 4), ...table(container, 101, 6)], [])
    removeContainer(container)
  })

test('addSourceHints: the subnets stay in table main with their source, the default routes leave it', async () => {
  const { container, request } = routed({ addSourceHints: true })
  await added(request)
  assert.equal(table(container, 'main', 4), ['10.9.0.0/24 dev eth0 src 10.9.0.2'])
  const own = table(container, 'main', 6).filter((line) => line.includes('dev eth0'))
  assert.equal(own.sort(), ['fd09::/64 dev eth0 src fd09::2', 'fe80::/64 dev eth0'])
  assert.equal(table(container, 100, 4)[0], 'default via 10.9.0.1 dev eth0')
  assert.equal(await ask('CHECK', request), done)
  removeContainer(container)
})

test('gateways of the configuration replace those of the result and of table main', async () => {
  const { container, request } = routed({ gateways: ['10.9.0.7', 'fd09::7'] })
  await added(request)
  assert.equal(
    [...table(container, 100, 4), ...table(container, 101, 6)].filter((line) => line.startsWith('default')),
    ['default via 10.9.0.7 dev eth0', 'default via fd09::7 dev eth0'],
  )
  assert.equal(await ask('CHECK', request), done)
  inContainer(container, 'route replace default via 10.9.0.1 table 100')
  const { json } = await ask('CHECK', request)
  assert.match(String(json?.msg), 'the table of 10.9.0.2 lacks the default route via 10.9.0.7')
  removeContainer(container)
})

test('a gateway in no subnet is looked for on the link', async () => {
  const { container, request } = routed({ gateways: ['192.0.2.1'] })
  await added(request)
  assert.equal(table(container, 100, 4)[0], 'default via 192.0.2.1 dev eth0 onlink')
  assert.equal(await ask('CHECK', request), done)
  removeContainer(container)
})

test('a given table gets rules only, and its routes stay with DEL', async () => {
  const { container, request } = routed({ table: 7000 })
  inContainer(container, 'route add 198.51.100.0/24 via 10.9.0.1 table 7000')
  const before = [4, 6].map((family) => routes(family as 4 | 6, container))
  await added(request)
  assert.equal([rules(container, 4), rules(container, 6)], [['10.9.0.2 7000'], ['fd09::2 7000']])
  assert.equal(
    [4, 6].map((family) => routes(family as 4 | 6, container)),
    before,
  )
  assert.equal(await ask('CHECK', request), done)
  inContainer(container, 'rule del table 7000')
  const { json } = await ask('CHECK', request)
  assert.match(String(json?.msg), 'lacks its rule from 10.9.0.2 lookup 7000')
  assert.match(String(json?.details), 'ip rule add from 10.9.0.2 lookup 7000')
  assert.equal(await ask('DEL', request), done)
  assert.equal([rules(container, 4), rules(container, 6)], [[], []])
  assert.equal(table(container, 7000, 4), ['198.51.100.0/24 via 10.9.0.1 dev eth0'])
  removeContainer(container)
})

test('tables with a rule or a route, of either family, are not taken', async () => {
  const { container, request } = routed()
  inContainer(container, 'rule add from 192.0.2.1 lookup 100')
  inContainer(container, '-6 rule add from 2001:db8::1 lookup 101')
  inContainer(container, 'route add 198.51.100.0/24 via 10.9.0.1 table 102')
  inContainer(container, '-6 route add 2001:db8::/64 via fd09::1 table 104')
  await added(request)
  assert.equal([rules(container, 4)[0], rules(container, 6)[0]], ['10.9.0.2 103', 'fd09::2 105'])
  assert.equal(await ask('DEL', request), done)
  assert.equal([rules(container, 4), rules(container, 6)], [['192.0.2.1 100'], ['2001:db8::1 101']])
  removeContainer(container)
})

/** The kernel gives back its next hops in the order in which they were added. */
const several = '-6 route add 2001:db8:8::/48 nexthop via fd09::3 dev eth0 nexthop via fd09::4 dev eth0'

test('routes with several next hops, metrics, onlink and no next hop go into the tables as they are', async () => {
  const { container, request } = routed()
  for (const words of [...rich, several]) inContainer(container, words)
  const seen = (id: number | 'main', family: 4 | 6) =>
    inContainer(container, `-${family} route show table ${id}`)
      .split('\n')
      .filter((line) => line && !line.includes('xeth0'))
      .map((line) => line.trim())
      .sort()
  const before = [seen('main', 4), seen('main', 6)]
  await added(request)
  assert.equal([seen(100, 4), seen(101, 6)], before)
  assert.equal(table(container, 'main', 4), [])
  assert.equal(await ask('CHECK', request), done)
  removeContainer(container)
})

test('two addresses of one subnet each have a table, and the second takes the gateway of the first', async () => {
  const { container, request } = routed()
  inContainer(container, 'address add 10.9.0.3/24 dev eth0')
  const { prevResult } = request.config
  const ips = [...prevResult.ips, { address: '10.9.0.3/24', interface: 1 }]
  const config = { ...request.config, prevResult: { ...prevResult, ips } }
  const { stderr } = await ask('ADD', { ...request, config })
  assert.not.match(stderr, 'no gateway')
  assert.equal(rules(container, 4).sort(), ['10.9.0.2 100', '10.9.0.3 102'])
  assert.equal(table(container, 102, 4)[0], 'default via 10.9.0.1 dev eth0')
  assert.equal(await ask('CHECK', { ...request, config }), done)
  assert.equal(await ask('DEL', { ...request, config }), done)
  removeContainer(container)
})

// whereabouts gives addresses without gateways, and default routes with them.
test('an IPv6 default route that only the result names, as of whereabouts, is in the table', async () => {
  const own = { interface: 1 }
  const { container, request } = routed(
    {},
    {
      ips: [
        { address: '10.9.0.2/24', ...own },
        { address: 'fd09::2/64', ...own },
      ],
      routes: [
        { dst: '0.0.0.0/0', gw: '10.9.0.1' },
        { dst: '::/0', gw: 'fd09::1' },
      ],
    },
  )
  inContainer(container, 'route del default')
  inContainer(container, '-6 route del default')
  const { status, stderr } = await ask('ADD', request)
  assert.equal([status, stderr], [0, ''])
  assert.ok(table(container, 100, 4).includes('default via 10.9.0.1 dev eth0'))
  assert.ok(table(container, 101, 6).includes('default via fd09::1 dev eth0'))
  assert.equal(await ask('CHECK', request), done)
  inContainer(container, '-6 route del default table 101')
  assert.match(String((await ask('CHECK', request)).json?.msg), 'default route via fd09::1')
  removeContainer(container)
})

test('without any gateway ADD warns, adds rule and subnet, and CHECK and DEL work', async () => {
  const { container, request } = routed({}, { ips: [{ address: '10.9.0.2/24', interface: 1 }] })
  inContainer(container, 'route del default')
  const { status, stderr } = await ask('ADD', request)
  assert.is(status, 0)
  assert.match(stderr, '10.9.0.2 of eth0 has no gateway')
  assert.equal(table(container, 100, 4), ['10.9.0.0/24 dev eth0 src 10.9.0.2'])
  assert.equal(await ask('CHECK', request), done)
  assert.equal(await ask('DEL', request), done)
  removeContainer(container)
})

test('eight interfaces of one container at once: each has tables of its own', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `net${index}`)
  const { container, requestOf } = routed({}, {}, names)
  const calls = names.map((_, index) => requestOf(index))
  await Promise.all(calls.map((one, index) => added({ ...one, engine: index % 2 ? 'node' : 'quickjs' })))
  const all = [...rules(container, 4), ...rules(container, 6)]
  assert.is(new Set(all.map((rule) => rule.split(' ')[1])).size, 16)
  for (const answer of await Promise.all(calls.map((one) => ask('CHECK', one)))) assert.equal(answer, done)
  for (const answer of await Promise.all(calls.map((one) => ask('DEL', one)))) assert.equal(answer, done)
  assert.equal([...rules(container, 4), ...rules(container, 6)], [])
  removeContainer(container)
})

const refusals: [Keys, number, string][] = [
  [{ prevResult: undefined }, 7, 'This plugin must be called as chained plugin'],
  [{ prevResult: { cniVersion: '1.0.0' } }, 7, 'No IP addresses supplied on interface: eth0'],
  [{ table: 254 }, 7, 'table is 254'],
  [{ table: 0 }, 7, 'table'],
  [{ table: 'main' }, 7, 'table'],
  [{ gateways: ['10.9.0.1', '10.9.0.7'] }, 7, 'gateways has more than one IPv4 address'],
  [{ gateways: ['fd09::1', '10.9.0.1', 'fd09::7'] }, 7, 'gateways has more than one IPv6 address'],
  [{ gateways: ['nonsense'] }, 7, 'gateways[0]'],
  [{ gateways: '10.9.0.1' }, 7, 'gateways'],
]

for (const [keys, code, said] of refusals)
  test(`refused with code ${code}: ${JSON.stringify(keys)}`, async () => {
    const { container, request } = routed(keys)
    const answer = await refused(request, container)
    assert.is(answer.code, code, answer.said)
    assert.match(answer.said, said)
    removeContainer(container)
  })

test('without the interface ADD is refused', async () => {
  const { container, request } = routed()
  inContainer(container, 'link delete eth0')
  const { code, said } = await refused(request, container)
  assert.is(code, 4)
  assert.match(said, 'Cannot find network interface eth0')
  removeContainer(container)
})

test.run()
