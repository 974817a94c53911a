/** sbr: answers leave by the interface that was asked; tables, gateways, hints; refusals, DEL, and the failings of the reference. */
// needs: link macvlan
// packages: containernetworking-plugins

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { harmOfFailures, harmOfFailuresInDel, harmOfKills } from '../harness/failing.ts'
import {
  far,
  farHost,
  type Netns,
  newContainer,
  privateHost,
  removeContainer,
  setSysctl,
} from '../harness/host.ts'
import { inContainer, link, routes } from '../harness/look.ts'
import { bridgeNetwork, exampleNetwork, newNetwork } from '../harness/networks.ts'
import { type Call, type Configuration, call, type Engine, type Result } from '../harness/plugin.ts'
import { reference } from '../harness/reference.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, overhear, pings } from '../harness/traffic.ts'
import { until } from '../harness/until.ts'

await privateHost()
const outside = farHost()
setSysctl('net/ipv4/ip_forward', 1)
setSysctl('net/ipv6/conf/all/forwarding', 1)

const engines: Engine[] = ['quickjs', 'node']
type Keys = Record<string, unknown>

/** A container with interfaces of both families, as of earlier plugins of lists, and a call of sbr for the first. */
function chained(keys: Keys = {}, result: Partial<Result> = {}, names = ['eth0']) {
  const container = newContainer()
  for (const [index, name] of names.entries()) {
    inContainer(container, `link add ${name} type veth peer name x${name}`)
    inContainer(container, `address add 10.9.${index}.2/24 dev ${name}`)
    inContainer(container, `address add fd09:${index}::2/64 dev ${name} nodad`)
    for (const end of [name, `x${name}`]) inContainer(container, `link set ${end} up`)
    inContainer(container, `route append default via 10.9.${index}.1 dev ${name}`)
    inContainer(container, `-6 route append default via fd09:${index}::1 dev ${name} metric ${1000 + index}`)
  }
  const requestOf = (index: number) => ({
    config: {
      ...{ type: 'sbr', name: 'net', cniVersion: '1.0.0' },
      prevResult: { ...resultOf(container, names[index] ?? '', index), ...result },
      ...keys,
    },
    containerID: container.name,
    netns: container.path,
    ifname: names[index],
  })
  return { container, request: requestOf(0), requestOf }
}

function resultOf({ path }: Netns, name: string, index: number): Result {
  return {
    cniVersion: '1.0.0',
    interfaces: [
      { name: 'host', mac: '02:00:00:00:00:01' },
      { name, mac: '02:00:00:00:00:02', sandbox: path },
    ],
    ips: [
      { address: `10.9.${index}.2/24`, gateway: `10.9.${index}.1`, interface: 1 },
      { address: `fd09:${index}::2/64`, gateway: `fd09:${index}::1`, interface: 1 },
    ],
  }
}

const verb = (verb: Call['verb'], request: Omit<Call, 'verb'>) => call({ ...request, verb })

/** A table's routes of both families in a few words. */
function table(container: Netns, id: number | 'main', family: 4 | 6): string[] {
  const lines = inContainer(container, `-${family} route show table ${id}`).split('\n')
  return lines.map((line) => line.replace(/ (metric|pref|proto|scope) \w+/g, '').trim()).filter(Boolean)
}

const rules = (container: Netns, family: 4 | 6) =>
  inContainer(container, `-${family} rule show`)
    .split('\n')
    .flatMap((line) => /from (\S+) lookup (\d+)/.exec(line)?.slice(1).join(' ') ?? [])

for (const engine of engines)
  test(`${engine}: each address has a rule and a table, with the subnet and the default route, and table main has neither`, async () => {
    const { container, request } = chained()
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
    assert.equal(await verb('CHECK', { ...request, engine }), done)
    assert.equal(await verb('DEL', { ...request, engine }), done)
    assert.equal([rules(container, 4), rules(container, 6)], [[], []])
    assert.equal([...table(container, 100, 4), ...table(container, 101, 6)], [])
    removeContainer(container)
  })

/** Two networks of the host, of which the container has eth0 and eth1. */
async function twoNetworks(...later: Configuration[]) {
  const container = newContainer()
  const nets = [0, 1].map(() => {
    const { plugins, ...net } = bridgeNetwork({ isDefaultGateway: true })
    return { ...net, plugins: [...plugins, ...later] }
  })
  const results: Result[] = []
  for (const [index, net] of nets.entries())
    results.push(await cnitool.add(net, container, { ifname: `eth${index}` }))
  const end = async (check = true) => {
    for (const [index, net] of nets.entries()) {
      if (check) await cnitool.check(net, container, { ifname: `eth${index}` })
      await cnitool.del(net, container, { ifname: `eth${index}` })
    }
    removeContainer(container)
  }
  const bridges = nets.map(({ plugins }) => String(plugins[0]?.bridge))
  return { container, bridges, results, end }
}

const bare = (cidr = '') => cidr.replace(/\/.*/, '')

/** By which of two bridges the answers to pings of an address come. */
async function answersBy(bridges: string[], address: string): Promise<string[]> {
  const heard: string[] = []
  for (const bridge of bridges) {
    const lines = await overhear(bridge, 'icmp or icmp6', () => void pings(outside, address))
    if (lines.some((line) => line.includes(`${address} > `) && line.includes('echo reply')))
      heard.push(bridge)
  }
  return heard
}

test('a far host asks each of two interfaces, and the answer comes by the interface that was asked', async () => {
  const { bridges, results, end } = await twoNetworks({ type: 'sbr' })
  for (const [index, { ips }] of results.entries())
    for (const { address } of ips) {
      assert.ok(pings(outside, bare(address)), address)
      assert.equal(await answersBy(bridges, bare(address)), [bridges[index]], address)
    }
  await end()
})

test('without sbr the answers of both come by the newer one, and a host that filters by reverse path drops them', async () => {
  const { container, bridges, results, end } = await twoNetworks()
  // Of equal default routes the kernel takes the first whose gateway has answered.
  assert.ok(pings(container, results[1]?.ips[0]?.gateway ?? ''))
  const address = bare(results[0]?.ips[0]?.address)
  for (const bridge of bridges) setSysctl(`net/ipv4/conf/${bridge}/rp_filter`, 1)
  assert.ok(isSilent(outside, address))
  await end()
  const routed = await twoNetworks({ type: 'sbr' })
  for (const bridge of routed.bridges) setSysctl(`net/ipv4/conf/${bridge}/rp_filter`, 1)
  for (const { ips } of routed.results) assert.ok(pings(outside, bare(ips[0]?.address)))
  await routed.end()
})

test('addSourceHints: the subnets stay in table main with their source, the default routes leave it', async () => {
  const { container, request } = chained({ addSourceHints: true })
  await added(request)
  assert.equal(table(container, 'main', 4), ['10.9.0.0/24 dev eth0 src 10.9.0.2'])
  const own = table(container, 'main', 6).filter((line) => line.includes('dev eth0'))
  assert.equal(own.sort(), ['fd09::/64 dev eth0 src fd09::2', 'fe80::/64 dev eth0'])
  assert.equal(table(container, 100, 4)[0], 'default via 10.9.0.1 dev eth0')
  assert.equal(await verb('CHECK', request), done)
  removeContainer(container)
})

test('addSourceHints: a program that chooses no source reaches both networks, and others by none', async () => {
  const { container, results, end } = await twoNetworks({ type: 'sbr', addSourceHints: true })
  for (const { ips } of results)
    for (const { gateway = '' } of ips) assert.ok(pings(container, gateway), gateway)
  assert.ok(isSilent(container, far.ipv4))
  await end()
})

test('gateways of the configuration replace those of the result and of table main', async () => {
  const { container, request } = chained({ gateways: ['10.9.0.7', 'fd09::7'] })
  await added(request)
  assert.equal(
    [...table(container, 100, 4), ...table(container, 101, 6)].filter((line) => line.startsWith('default')),
    ['default via 10.9.0.7 dev eth0', 'default via fd09::7 dev eth0'],
  )
  assert.equal(await verb('CHECK', request), done)
  inContainer(container, 'route replace default via 10.9.0.1 table 100')
  const { json } = await verb('CHECK', request)
  assert.match(String(json?.msg), 'the table of 10.9.0.2 lacks the default route via 10.9.0.7')
  removeContainer(container)
})

test('a gateway in no subnet is looked for on the link', async () => {
  const { container, request } = chained({ gateways: ['192.0.2.1'] })
  await added(request)
  assert.equal(table(container, 100, 4)[0], 'default via 192.0.2.1 dev eth0 onlink')
  assert.equal(await verb('CHECK', request), done)
  removeContainer(container)
})

test('a given table gets rules only, and its routes stay with DEL', async () => {
  const { container, request } = chained({ table: 7000 })
  inContainer(container, 'route add 198.51.100.0/24 via 10.9.0.1 table 7000')
  const before = [4, 6].map((family) => routes(family as 4 | 6, container))
  await added(request)
  assert.equal([rules(container, 4), rules(container, 6)], [['10.9.0.2 7000'], ['fd09::2 7000']])
  assert.equal(
    [4, 6].map((family) => routes(family as 4 | 6, container)),
    before,
  )
  assert.equal(await verb('CHECK', request), done)
  inContainer(container, 'rule del table 7000')
  const { json } = await verb('CHECK', request)
  assert.match(String(json?.msg), 'lacks its rule from 10.9.0.2 lookup 7000')
  assert.match(String(json?.details), 'ip rule add from 10.9.0.2 lookup 7000')
  assert.equal(await verb('DEL', request), done)
  assert.equal([rules(container, 4), rules(container, 6)], [[], []])
  assert.equal(table(container, 7000, 4), ['198.51.100.0/24 via 10.9.0.1 dev eth0'])
  removeContainer(container)
})

test('tables with a rule or a route, of either family, are not taken', async () => {
  const { container, request } = chained()
  inContainer(container, 'rule add from 192.0.2.1 lookup 100')
  inContainer(container, '-6 rule add from 2001:db8::1 lookup 101')
  inContainer(container, 'route add 198.51.100.0/24 via 10.9.0.1 table 102')
  inContainer(container, '-6 route add 2001:db8::/64 via fd09::1 table 104')
  await added(request)
  assert.equal([rules(container, 4)[0], rules(container, 6)[0]], ['10.9.0.2 103', 'fd09::2 105'])
  assert.equal(await verb('DEL', request), done)
  assert.equal([rules(container, 4), rules(container, 6)], [['192.0.2.1 100'], ['2001:db8::1 101']])
  removeContainer(container)
})

const rich = [
  'route add 198.51.100.0/24 via 10.9.0.3 dev eth0 metric 7 mtu lock 1300',
  'route add 203.0.113.0/24 nexthop via 10.9.0.3 dev eth0 weight 2 nexthop via 10.9.0.4 dev eth0',
  'route add 192.0.2.0/24 dev eth0',
  'route add 10.77.0.0/16 via 172.16.0.1 dev eth0 onlink',
  '-6 route add 2001:db8:7::/48 via fd09::3 dev eth0',
]
/** The kernel gives back its next hops in the order in which they were added. */
const several = '-6 route add 2001:db8:8::/48 nexthop via fd09::3 dev eth0 nexthop via fd09::4 dev eth0'

test('routes with several next hops, metrics, onlink and no next hop go into the tables as they are', async () => {
  const { container, request } = chained()
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
  assert.equal(await verb('CHECK', request), done)
  removeContainer(container)
})

test('two addresses of one subnet each have a table, and the second takes the gateway of the first', async () => {
  const { container, request } = chained()
  inContainer(container, 'address add 10.9.0.3/24 dev eth0')
  const { prevResult } = request.config
  const ips = [...prevResult.ips, { address: '10.9.0.3/24', interface: 1 }]
  const config = { ...request.config, prevResult: { ...prevResult, ips } }
  const { stderr } = await verb('ADD', { ...request, config })
  assert.not.match(stderr, 'no gateway')
  assert.equal(rules(container, 4).sort(), ['10.9.0.2 100', '10.9.0.3 102'])
  assert.equal(table(container, 102, 4)[0], 'default via 10.9.0.1 dev eth0')
  assert.equal(await verb('CHECK', { ...request, config }), done)
  assert.equal(await verb('DEL', { ...request, config }), done)
  removeContainer(container)
})

// whereabouts gives addresses without gateways, and default routes with them.
test('an IPv6 default route that only the result names, as of whereabouts, is in the table', async () => {
  const own = { interface: 1 }
  const { container, request } = chained(
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
  const { status, stderr } = await verb('ADD', request)
  assert.equal([status, stderr], [0, ''])
  assert.ok(table(container, 100, 4).includes('default via 10.9.0.1 dev eth0'))
  assert.ok(table(container, 101, 6).includes('default via fd09::1 dev eth0'))
  assert.equal(await verb('CHECK', request), done)
  inContainer(container, '-6 route del default table 101')
  assert.match(String((await verb('CHECK', request)).json?.msg), 'default route via fd09::1')
  removeContainer(container)
})

test('without any gateway ADD warns, adds rule and subnet, and CHECK and DEL work', async () => {
  const { container, request } = chained({}, { ips: [{ address: '10.9.0.2/24', interface: 1 }] })
  inContainer(container, 'route del default')
  const { status, stderr } = await verb('ADD', request)
  assert.is(status, 0)
  assert.match(stderr, '10.9.0.2 of eth0 has no gateway')
  assert.equal(table(container, 100, 4), ['10.9.0.0/24 dev eth0 src 10.9.0.2'])
  assert.equal(await verb('CHECK', request), done)
  assert.equal(await verb('DEL', request), done)
  removeContainer(container)
})

test('eight interfaces of one container at once: each has tables of its own', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `net${index}`)
  const { container, requestOf } = chained({}, {}, names)
  const calls = names.map((_, index) => requestOf(index))
  await Promise.all(calls.map((one, index) => added({ ...one, engine: index % 2 ? 'node' : 'quickjs' })))
  const all = [...rules(container, 4), ...rules(container, 6)]
  assert.is(new Set(all.map((rule) => rule.split(' ')[1])).size, 16)
  for (const answer of await Promise.all(calls.map((one) => verb('CHECK', one)))) assert.equal(answer, done)
  for (const answer of await Promise.all(calls.map((one) => verb('DEL', one)))) assert.equal(answer, done)
  assert.equal([...rules(container, 4), ...rules(container, 6)], [])
  removeContainer(container)
})

test('beside the reference, which locks the same, no table is taken twice', async () => {
  const names = Array.from({ length: 6 }, (_, index) => `net${index}`)
  const { container, requestOf } = chained({}, {}, names)
  const answers = names.map((_, index) =>
    index % 2 ? reference({ ...requestOf(index), verb: 'ADD' }) : verb('ADD', requestOf(index)),
  )
  for (const { status, json } of await Promise.all(answers)) assert.is(status, 0, JSON.stringify(json))
  const tables = (family: 4 | 6) => rules(container, family).map((rule) => rule.split(' ')[1])
  assert.equal([new Set(tables(4)).size, new Set(tables(6)).size], [6, 6])
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
    const { container, request } = chained(keys)
    const answer = await refused(request, container)
    assert.is(answer.code, code, answer.said)
    assert.match(answer.said, said)
    removeContainer(container)
  })

test('without the interface ADD is refused', async () => {
  const { container, request } = chained()
  inContainer(container, 'link delete eth0')
  const { code, said } = await refused(request, container)
  assert.is(code, 4)
  assert.match(said, 'Cannot find network interface eth0')
  removeContainer(container)
})

test('a failing call of ADD leaves rules and routes as they were; a killed one leaves none after DEL', async () => {
  const { container, request } = chained({ addSourceHints: true })
  for (const words of rich) inContainer(container, words)
  const place = { look: () => snapshotOf(container.name), tidy: () => renew(container) }
  assert.equal(await harmOfFailures({ ...request, verb: 'ADD' }, place), [])
  assert.equal(await harmOfKills({ ...request, verb: 'ADD' }, place), [])
  // DEL puts nothing back into table main.
  const look = () => place.look().filter((line) => !/^route .*"table":254/.test(line))
  assert.equal(await harmOfFailuresInDel({ ...request, verb: 'ADD' }, { ...place, look }), [])
  removeContainer(container)
})

/** DEL leaves table main without the interface's routes, as the interface is deleted next. */
function renew(container: Netns): void {
  for (const words of ['route flush dev eth0', '-6 route flush dev eth0']) inContainer(container, words)
  const { address } = link('eth0', container)
  inContainer(container, 'link set eth0 down')
  inContainer(container, `link set eth0 address ${address}`)
  inContainer(container, 'address flush dev eth0')
  inContainer(container, 'link set eth0 up')
  inContainer(container, 'address add 10.9.0.2/24 dev eth0')
  inContainer(container, 'address add fd09::2/64 dev eth0 nodad')
  inContainer(container, 'route append default via 10.9.0.1 dev eth0')
  inContainer(container, '-6 route append default via fd09::1 dev eth0 metric 1000')
  for (const words of rich) inContainer(container, words)
}

for (const engine of engines) {
  for (const knows of [true, false])
    test(`${engine}: DEL removes the rules when the interface is gone, ${knows ? 'by the result' : 'without a result those that lead nowhere'}`, async () => {
      const names = ['eth0', 'eth1']
      const { container, requestOf } = chained({}, {}, names)
      for (const index of [0, 1]) await added({ ...requestOf(index), engine })
      inContainer(container, 'link delete eth0')
      const request = requestOf(0)
      const { prevResult, ...config } = request.config
      for (let twice = 0; twice < 2; twice++)
        assert.equal(
          await verb('DEL', { ...request, engine, config: knows ? { ...config, prevResult } : config }),
          done,
        )
      assert.equal([rules(container, 4), rules(container, 6)], [['10.9.1.2 102'], ['fd09:1::2 103']])
      assert.equal(await verb('CHECK', { ...requestOf(1), engine }), done)
      removeContainer(container)
    })

  test(`${engine}: DEL with the namespace gone, with an empty CNI_NETNS and before any ADD makes no file`, async () => {
    const { container, request } = chained()
    await added({ ...request, engine })
    removeContainer(container)
    const before = snapshot()
    for (const netns of [request.netns, '', '/run/netns/never'])
      for (let twice = 0; twice < 2; twice++)
        assert.equal(await verb('DEL', { ...request, netns, engine }), done)
    assert.not.ok(existsSync(request.netns))
    assert.not.ok(existsSync('/run/netns/never'))
    unchanged(before)
  })
}

test('DEL removes the rules to a given table when the interface is gone, without a result, too', async () => {
  const { container, requestOf } = chained({ table: 7000 }, {}, ['eth0', 'eth1'])
  for (const index of [0, 1]) await added(requestOf(index))
  inContainer(container, 'route add default via 10.9.1.1 table 7000')
  inContainer(container, 'link delete eth0')
  const { prevResult: _, ...config } = requestOf(0).config
  assert.equal(await verb('DEL', { ...requestOf(0), config }), done)
  assert.equal([rules(container, 4), rules(container, 6)], [['10.9.1.2 7000'], ['fd09:1::2 7000']])
  removeContainer(container)
})

test('ADD and DEL wait for the lock of the namespace, and end with code 11 that names its holder', async () => {
  const { container, request } = chained()
  await added(request)
  const { pid = 0, stdout } = spawn('flock', ['-F', container.path, 'sh', '-c', 'echo held; kill -STOP $$'])
  await once(stdout, 'data')
  const answers = ['ADD', 'DEL'] as const
  for (const { json } of await Promise.all(answers.map((which) => verb(which, request)))) {
    assert.is(json?.code, 11, JSON.stringify(json))
    assert.match(String(json?.msg), `process ${pid} (sh) holds a lock`)
    assert.match(String(json?.details), container.path)
  }
  assert.equal(await verb('CHECK', request), done)
  process.kill(pid, 'SIGKILL')
  await until('the lock is free', async () => (await verb('DEL', request)).status === 0)
  removeContainer(container)
})

test('DEL with a configuration that is wrong, or another table by now, works', async () => {
  for (const keys of [{ table: 'x', gateways: 5 }, { table: 9 }, { gateways: ['10.9.0.1', '10.9.0.2'] }]) {
    const { container, request } = chained()
    await added(request)
    const config = { ...request.config, ...keys }
    assert.is((await verb('DEL', { ...request, config })).status, 0)
    assert.equal([rules(container, 4), rules(container, 6)], [[], []])
    removeContainer(container)
  }
})

test('rules of others stay: another address, another condition, the host’s', async () => {
  const { container, request } = chained()
  await added(request)
  const others = [
    'from 10.9.0.2 fwmark 0x5 lookup 900',
    'from 10.9.0.0/24 lookup 900',
    'from 10.9.0.9 lookup main',
  ]
  for (const words of others) inContainer(container, `rule add ${words}`)
  ip('rule add from 10.9.0.2 lookup 900')
  assert.equal(await verb('DEL', request), done)
  const left = inContainer(container, 'rule show')
  for (const words of others) assert.match(left, words)
  assert.match(ip('rule show'), 'from 10.9.0.2 lookup 900')
  ip('rule del from 10.9.0.2 lookup 900')
  removeContainer(container)
})

test('241-sbr.conflist: two networks, each answers by its own interface', async () => {
  const net = exampleNetwork('241-sbr.conflist')
  const container = newContainer()
  const other = await twoNetworks()
  await other.end()
  const { ips } = await cnitool.add(net, container, { ifname: 'net1' })
  for (const { address, gateway = '' } of ips) {
    assert.ok(pings(outside, bare(address)), address)
    assert.ok(
      inContainer(
        container,
        `route get ${far[gateway.includes(':') ? 'ipv6' : 'ipv4']} from ${bare(address)}`,
      ).includes(gateway),
    )
  }
  await cnitool.check(net, container, { ifname: 'net1' })
  await cnitool.del(net, container, { ifname: 'net1' })
  removeContainer(container)
})

// What the reference fails at.

test('CHECK of the whole list holds after ADD; the reference’s bridge misses its routes', async () => {
  const { plugins, ...net } = bridgeNetwork({ isDefaultGateway: true }, '1.0.0')
  const list = { ...net, plugins: [...plugins, { type: 'sbr' }] }
  const container = newContainer()
  await cnitool.add(list, container, { path: '/usr/lib/cni' })
  assert.match(await refusal(cnitool.check(list, container, { path: '/usr/lib/cni' })), 'Failed to find')
  await cnitool.check(list, container)
  await cnitool.del(list, container)
  await cnitool.add(list, container)
  await cnitool.check(list, container)
  await cnitool.del(list, container)
  removeContainer(container)
})

for (const [type, keys] of Object.entries({ ptp: {}, macvlan: { master: 'uplink' } }))
  test(`${type} and sbr: CHECK of both holds, and the host’s or another container’s packets are answered`, async () => {
    const net = newNetwork(type, { ...keys }, '1.1.0')
    const list = { ...net, plugins: [...net.plugins, { type: 'sbr' }] }
    const [one, other] = [newContainer(), newContainer()]
    const { ips } = await cnitool.add(list, one)
    await cnitool.add(net, other)
    for (const { address } of ips)
      assert.ok(pings(type === 'ptp' ? undefined : other, bare(address)), address)
    await cnitool.check(list, one)
    await cnitool.del(net, other)
    await cnitool.del(list, one)
    for (const container of [one, other]) removeContainer(container)
  })

test('the reference’s DEL makes a file where the namespace was, and fails; ours does neither', async () => {
  const { container, request } = chained()
  removeContainer(container)
  const gone = { ...request, netns: '/run/test/gone' }
  const { status, json } = await reference({ ...gone, verb: 'DEL' })
  assert.is(status, 1, JSON.stringify(json))
  assert.ok(statSync(gone.netns).isFile())
  assert.equal(await verb('DEL', gone), done)
  assert.equal(await verb('DEL', { ...request, netns: '/run/test/gone-too' }), done)
  assert.not.ok(existsSync('/run/test/gone-too'))
})

test('the reference’s CHECK notices nothing; ours does', async () => {
  const { container, request } = chained()
  await added(request)
  inContainer(container, 'rule del table 100')
  assert.is((await reference({ ...request, verb: 'CHECK' })).status, 0)
  assert.match(String((await verb('CHECK', request)).json?.msg), 'the container lacks its rule from 10.9.0.2')
  removeContainer(container)
})

test.run()
