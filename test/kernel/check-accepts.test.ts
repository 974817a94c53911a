/** What ADD accepts, CHECK accepts, at once and later: bridges of others, gateways that are none, later plugins, two default routes. */
// packages: containernetworking-plugins

import * as assert from 'uvu/assert'
import { added, done } from '../harness/attach.ts'
import { command, ip } from '../harness/command.ts'
import { farHost, type Netns, newContainer, privateHost } from '../harness/host.ts'
import { addresses, hostEnd, inContainer, link, routes } from '../harness/look.ts'
import { bridgeNetwork, hostLocal, newNetwork, single } from '../harness/networks.ts'
import { type Configuration, call, type Engine, type Result } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()
farHost()

const engines: Engine[] = ['quickjs', 'node']
const peer = '/usr/lib/cni'

interface Attachment {
  config: Configuration
  containerID: string
  container: Netns
  ifname?: string
  engine?: Engine
}

/** ADD, and CHECK at once. @returns the result, and functions for CHECK and DEL */
async function attached({ container, ...attachment }: Attachment) {
  const request = { ...attachment, netns: container.path }
  const prevResult = await added(request)
  const check = () => checked(attachment, container, prevResult)
  await check()
  const del = async () => assert.equal((await call({ verb: 'DEL', ...request })).status, 0)
  return { result: prevResult, check, del }
}

async function checked(attachment: Omit<Attachment, 'container'>, { path }: Netns, prevResult: Result) {
  const config = { ...attachment.config, prevResult }
  assert.equal(await call({ verb: 'CHECK', ...attachment, config, netns: path }), done)
}

for (const engine of engines) {
  for (const isGateway of [true, false])
    test(`a bridge that the operator made, ${isGateway ? 'with' : 'without'} gateway: CHECK while containers come and go, and no loss (${engine})`, async () => {
      const config = single(bridgeNetwork({ isGateway }, '1.0.0'))
      const bridge = String((config as Configuration).bridge)
      ip(`link add ${bridge} type bridge`)
      ip(`link set ${bridge} up`)
      const [one, other] = [newContainer(), newContainer()]
      const first = await attached({ config, containerID: 'one', container: one, engine })
      const { interfaces } = first.result
      assert.is(interfaces[0]?.mac, link(bridge).address)
      const second = await attached({ config, containerID: 'other', container: other, engine })
      // The bridge takes the lowest address of its ports, unless its own was set.
      ip(`link set ${hostEnd(other).ifname} address 02:00:00:00:00:01`)
      for (const { check } of [first, second]) await check()
      if (isGateway) assert.is(link(bridge).address, interfaces[0]?.mac)
      await second.del()
      await first.check()
      if (isGateway) assert.ok(pings(one, addresses(bridge)[0]?.replace(/\/.*/, '') ?? ''))
      await first.del()
    })

  for (const [type, keys] of [
    ['bridge', { isGateway: true }],
    ['bridge', { isDefaultGateway: true }],
    ['ptp', {}],
    ['macvlan', { master: 'uplink' }],
  ] as const)
    for (const [what, ipam] of [
      [
        'static',
        {
          addresses: [
            { address: '10.4.5.6/16', gateway: '0.0.0.0' },
            { address: 'fd04::6/64', gateway: '::' },
          ],
        },
      ],
      [
        'host-local',
        {
          ranges: [[{ subnet: '10.4.0.0/16', gateway: '0.0.0.0' }], [{ subnet: 'fd04::/64', gateway: '::' }]],
        },
      ],
    ] as const)
      test(`a gateway of 0.0.0.0 or :: is none, and routes go by the device: ${type} ${JSON.stringify(keys)}, ${what} (${engine})`, async () => {
        const given = [
          { dst: '0.0.0.0/0' },
          { dst: '::/0', gw: '::' },
          { dst: '10.99.0.0/24', gw: '0.0.0.0' },
        ]
        const config = single(
          newNetwork(type, { ...keys, ipam: { type: what, ...ipam, routes: given } }, '1.0.0'),
        )
        const container = newContainer()
        const { del } = await attached({ config, containerID: 'one', container, engine })
        assert.ok(['default', '10.99.0.0/24'].every((route) => routes(4, container).includes(route)))
        assert.ok(routes(6, container).includes('default'))
        await del()
      })
}

for (const engine of engines)
  test(`tuning of the reference changes the MTU, and no plugin’s CHECK minds; another change is found (${engine})`, async () => {
    for (const network of [
      bridgeNetwork({}, '1.1.0'),
      newNetwork('ptp', {}, '1.1.0'),
      newNetwork('macvlan', { master: 'uplink' }, '1.1.0'),
    ]) {
      const config = single(network)
      const container = newContainer()
      const { result, check, del } = await attached({ config, containerID: 'tuned', container, engine })
      const tuning = {
        ...{ cniVersion: '1.0.0', name: config.name, type: 'tuning', mtu: 1400 },
        prevResult: { ...result, cniVersion: '1.0.0' },
      }
      reference('tuning', 'ADD', container, tuning)
      assert.is(link('eth0', container).mtu, 1400)
      await check()
      reference('tuning', 'DEL', container, tuning)
      inContainer(container, 'link set eth0 mtu 1300')
      const answer = await call({
        verb: 'CHECK',
        engine,
        containerID: 'tuned',
        config: { ...config, prevResult: result },
        netns: container.path,
      })
      assert.match(String(answer.json?.msg), 'eth0 has MTU 1300, not 1500')
      await del()
    }
  })

test('sbr of the reference moves the routes to another table, and CHECK finds them there', async () => {
  const keys = { isGateway: true, ipam: { ...hostLocal('10.5.0.0/24'), routes: [{ dst: '0.0.0.0/0' }] } }
  const config = single(bridgeNetwork(keys, '1.0.0'))
  const container = newContainer()
  const { result, check, del } = await attached({ config, containerID: 'tuned', container })
  reference('sbr', 'ADD', container, {
    cniVersion: '1.0.0',
    name: config.name,
    type: 'sbr',
    prevResult: result,
  })
  assert.equal(routes(4, container), [])
  await check()
  inContainer(container, 'route flush table all scope global')
  const answer = await call({
    verb: 'CHECK',
    containerID: 'tuned',
    config: { ...config, prevResult: result },
    netns: container.path,
  })
  assert.match(String(answer.json?.msg), 'lacks its route 0.0.0.0/0')
  await del()
})

/** A chained plugin of the reference. */
function reference(type: string, verb: string, { path }: Netns, config: object): void {
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: 'tuned',
    CNI_NETNS: path,
    CNI_IFNAME: 'eth0',
    CNI_PATH: peer,
  }
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  command('sh', '-c', `echo "$0" | exec env "$@" ${peer}/${type}`, JSON.stringify(config), ...words)
}

for (const engine of engines)
  test(`of two default routes the newest is used, with keepDefaultRoute the first; CHECK of both agrees (${engine})`, async () => {
    const network = (number: number, keys: object) =>
      single(
        bridgeNetwork(
          {
            isGateway: true,
            ...keys,
            ipam: {
              ...hostLocal(`10.${number}.0.0/24`, `fd00:${number}::/64`),
              routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
            },
          },
          '1.0.0',
        ),
      )
    const used = (container: Netns) =>
      ['192.0.2.1', '2001:db8::1', '2001:db8::2', '2001:db8::3'].map(
        (to) => /dev (\S+)/.exec(inContainer(container, `route get ${to}`))?.[1],
      )
    for (const [number, keys, expected] of [
      [31, {}, 'net1'],
      [41, { keepDefaultRoute: true }, 'eth0'],
    ] as const) {
      const container = newContainer()
      const one = await attached({ config: network(number, keys), containerID: 'two', container, engine })
      const two = await attached({
        config: network(number + 1, keys),
        containerID: 'two',
        container,
        ifname: 'net1',
        engine,
      })
      for (const { check } of [one, two]) await check()
      assert.equal(new Set(used(container)), new Set([expected]))
      await two.del()
      await one.check()
      assert.equal(new Set(used(container)), new Set(['eth0']))
      await one.del()
    }
  })

test.run()
