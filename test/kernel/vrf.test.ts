/** vrf: two networks with the same addresses in one container, each with its own routes; CHECK, DEL and refusals. */
// needs: link vrf

import * as assert from 'uvu/assert'
import { added } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { ip, ipJson } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { harmOfFailures } from '../harness/failing.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { addresses, exists, inContainer, link } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { call, type Result } from '../harness/plugin.ts'
import { versions } from '../harness/round-trip.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { isSilent, pingsWith } from '../harness/traffic.ts'

await privateHost()

const example = exampleNetwork('131-vrf.conflist')

/** The example with another name and another bridge. */
function chain(name: string, keys: Record<string, unknown> = {}, cniVersion = '1.0.0'): cnitool.Network {
  const [bridge] = example.plugins
  return {
    cniVersion,
    name,
    plugins: [
      { ...bridge, type: 'bridge', bridge: `br-${name}` },
      { type: 'vrf', vrfname: name, ...keys },
    ],
  }
}

/** The destinations of a table's routes. */
function table(container: Netns, name: string, family: 4 | 6 = 4): string[] {
  return ipJson<{ dst: string; type?: string }>(`-n ${container.name} -${family} route show vrf ${name}`)
    .filter(({ dst, type }) => !dst.startsWith('fe80:') && type !== 'multicast' && !dst.startsWith('ff00:'))
    .map(({ dst }) => dst)
}

/** Whether an address answers a ping from a VRF. */
function pingsIn(container: Netns, vrf: string, address: string, seconds = 20): boolean {
  return pingsWith(['-I', vrf], container, address, seconds)
}

test('131-vrf.conflist: the gateways answer in the VRF, and only there', async () => {
  const container = newContainer()
  await cnitool.add(example, container)
  assert.is(link('eth0', container).master, 'blue')
  assert.equal(table(container, 'blue'), ['default', '10.131.0.0/24'])
  assert.equal(table(container, 'blue', 6), ['fd00:10:131::/64', 'default'])
  assert.equal(ipJson(`-n ${container.name} route show`), [])
  for (const gateway of ['10.131.0.1', 'fd00:10:131::1']) {
    assert.ok(pingsIn(container, 'blue', gateway), gateway)
    assert.ok(isSilent(container, gateway), gateway)
  }
  await cnitool.check(example, container)
  await cnitool.del(example, container)
  assert.not.ok(exists('blue', container))
  removeContainer(container)
})

/** A bridge with the same addresses as other networks, and a machine on it that answers. */
async function segment(name: string): Promise<cnitool.Network> {
  const addresses = (last: number) => ({
    type: 'static',
    addresses: [{ address: `10.132.0.${last}/24` }, { address: `fd00:10:132::${last}/64` }],
  })
  const bridge = { type: 'bridge', bridge: `br-${name}` }
  const machine = {
    cniVersion: '1.0.0',
    name: `${name}-machine`,
    plugins: [{ ...bridge, ipam: addresses(1) }],
  }
  await cnitool.add(machine, newContainer(`machine-${name}`))
  return {
    cniVersion: '1.0.0',
    name,
    plugins: [
      { ...bridge, ipam: addresses(2) },
      { type: 'vrf', vrfname: name },
    ],
  }
}

test('two networks with the same addresses are each reached in their own VRF', async () => {
  const container = newContainer()
  const [red, green] = [await segment('red'), await segment('green')]
  await cnitool.add(red, container)
  await cnitool.add(green, container, { ifname: 'eth1' })
  assert.equal(addresses('eth0', container), addresses('eth1', container))
  const answers = (seconds = 20) =>
    ['red', 'green'].flatMap((vrf) =>
      ['10.132.0.1', 'fd00:10:132::1'].map((to) => pingsIn(container, vrf, to, seconds)),
    )
  assert.equal(answers(), [true, true, true, true])
  ip('link set br-green down')
  assert.equal(answers(5), [true, true, false, false])
  await cnitool.del(red, container)
  assert.equal([exists('red', container), exists('green', container)], [false, true])
  await cnitool.del(green, container, { ifname: 'eth1' })
  assert.not.ok(exists('green', container))
  removeContainer(container)
})

test('two networks of one VRF share its table, and DEL of the last removes the VRF', async () => {
  const container = newContainer()
  const [one, two] = [chain('one', { vrfname: 'both', table: 77 }), chain('two', { vrfname: 'both' })]
  await cnitool.add(one, container)
  await cnitool.add(two, container, { ifname: 'eth1' })
  assert.is(link('both', container).linkinfo?.info_data?.table, 77)
  await cnitool.check(two, container, { ifname: 'eth1' })
  await cnitool.del(one, container)
  assert.is(link('eth1', container).master, 'both')
  await cnitool.del(two, container, { ifname: 'eth1' })
  assert.not.ok(exists('both', container))
  removeContainer(container)
})

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: DEL takes the interface out of the VRF of its ADD, although the configuration names another now`, async () => {
    const { container, request } = interfaceWithRoutes()
    const attachment = { ...request, engine, containerID: container.name }
    await added(attachment)
    const config = { ...request.config, vrfname: 'other' }
    assert.is((await call({ verb: 'DEL', ...attachment, config })).status, 0)
    assert.not.ok(exists('blue', container))
    assert.is(link('eth0', container).master, undefined)
    removeContainer(container)
  })

/** Makes the bridge, which stays after DEL. */
async function usedOnce(net: cnitool.Network): Promise<void> {
  const container = newContainer()
  await cnitool.add(net, container)
  await cnitool.del(net, container)
  removeContainer(container)
}

for (const version of versions)
  test(`configured as ${version}: in the VRF, and DEL leaves nothing`, async () => {
    const net = chain('trip', {}, version)
    await usedOnce(net)
    const container = newContainer()
    // With the first VRF of a namespace the kernel adds a rule (l3mdev), and keeps it.
    inContainer(container, 'link add first type vrf table 99')
    inContainer(container, 'link delete first')
    const before = { host: snapshot(), container: snapshotOf(container.name) }
    await cnitool.add(net, container)
    assert.is(link('eth0', container).master, 'trip')
    if (version >= '0.4.0') await cnitool.check(net, container)
    await cnitool.del(net, container)
    await cnitool.del(net, container)
    unchanged(before.host)
    unchanged(before.container, () => snapshotOf(container.name))
    removeContainer(container)
  })

const breaks: Record<string, (container: Netns) => void> = {
  'the interface has left the VRF': (container) => inContainer(container, 'link set eth0 nomaster'),
  'the VRF is gone': (container) => inContainer(container, 'link delete broken'),
  'the VRF is down': (container) => inContainer(container, 'link set broken down'),
  'a route of the VRF is gone': (container) =>
    inContainer(
      container,
      `route delete default table ${link('broken', container).linkinfo?.info_data?.table}`,
    ),
}

for (const [what, damage] of Object.entries(breaks))
  test(`CHECK notices that ${what}, and DEL still cleans up`, async () => {
    const net = chain('broken')
    const container = newContainer()
    await cnitool.add(net, container)
    await cnitool.check(net, container)
    damage(container)
    await refusal(cnitool.check(net, container))
    await cnitool.del(net, container)
    assert.not.ok(exists('broken', container))
    removeContainer(container)
  })

const section = { type: 'vrf', name: 'net', cniVersion: '1.1.0', vrfname: 'blue' }

/** A container with an interface, as of an earlier plugin in a list. */
function interfaceWithRoutes() {
  const container = newContainer()
  inContainer(container, 'link add eth0 type veth peer name other')
  inContainer(container, 'address add 10.9.0.2/24 dev eth0')
  inContainer(container, 'address add fd09::2/64 dev eth0 nodad')
  inContainer(container, 'link set eth0 up')
  inContainer(container, 'link set other up')
  inContainer(container, 'route add default via 10.9.0.1')
  inContainer(container, 'route add 192.0.2.0/24 via 10.9.0.1 table 500')
  inContainer(container, '-6 route add default via fd09::1 metric 7')
  const prevResult: Result = {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'eth0', mac: link('eth0', container).address, sandbox: container.path }],
    ips: [{ address: '10.9.0.2/24', interface: 0 }],
  }
  return { container, request: { config: { ...section, prevResult }, netns: container.path } }
}

test('an interface of any other plugin keeps its addresses and routes, in the VRF’s table', async () => {
  const { container, request } = interfaceWithRoutes()
  const { status, json } = await call({ ...request, verb: 'ADD' })
  assert.is(status, 0, JSON.stringify(json))
  assert.equal(json, request.config.prevResult)
  assert.equal(addresses('eth0', container), ['10.9.0.2/24', 'fd09::2/64'])
  assert.equal(table(container, 'blue'), ['default', '10.9.0.0/24'])
  assert.match(inContainer(container, '-6 route show vrf blue'), 'default via fd09::1 dev eth0 metric 7')
  assert.match(inContainer(container, 'route show table 500'), '192.0.2.0/24 via 10.9.0.1')
  removeContainer(container)
})

/** Routes with every attribute that could be lost, and neighbours that the kernel keeps. */
const rich = [
  'route add 198.51.100.0/24 via 192.0.2.77 dev eth0 onlink',
  'route add 203.0.113.0/24 nexthop via 10.9.0.3 dev eth0 weight 2 nexthop via 10.9.0.4 dev eth0',
  'route add 10.20.0.0/16 via 10.9.0.1 tos 0x10',
  'route add 10.21.0.0/16 via 10.9.0.1 mtu lock 1300 proto static metric 7',
  '-6 route add fd20::/64 nexthop via fd09::3 dev eth0 nexthop via fd09::4 dev eth0',
  'neighbour add 10.9.0.1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent',
  'neighbour add fd09::1 lladdr 02:00:00:00:00:01 dev eth0 nud permanent',
]

/** What must be as it was, in a table. */
function seen(container: Netns, where: string): string[] {
  const own = (line: string) => line && !/fe80::|ff00::/.test(line)
  const words = [`route show ${where}`, `-6 route show ${where}`, 'neighbour show dev eth0 nud permanent']
  return words
    .flatMap((line) => inContainer(container, line).split('\n'))
    .filter(own)
    .sort()
}

for (const engine of ['quickjs', 'node'] as const)
  test(`${engine}: routes with onlink, several next hops, TOS and a locked MTU, and permanent neighbours are in the VRF as they were, and after DEL, too`, async () => {
    const { container, request } = interfaceWithRoutes()
    for (const words of rich) inContainer(container, words)
    const before = seen(container, 'table main')
    await added({ ...request, engine })
    assert.equal(seen(container, 'vrf blue'), before)
    assert.is((await call({ ...request, engine, verb: 'CHECK' })).status, 0)
    assert.is((await call({ ...request, engine, verb: 'DEL' })).status, 0)
    assert.equal(seen(container, 'table main'), before)
    removeContainer(container)
  })

test('a failing call of ADD leaves the interface unchanged, or does no harm', async () => {
  const { container, request } = interfaceWithRoutes()
  for (const words of rich) inContainer(container, words)
  const look = () => snapshotOf(container.name)
  const harm = await harmOfFailures({ ...request, verb: 'ADD' }, { look })
  assert.equal(harm, [])
  removeContainer(container)
})

for (const [keys, code, said] of [
  [{ vrfname: undefined }, 7, 'vrfname is missing'],
  [{ vrfname: 'a/b' }, 7, 'vrfname'],
  [{ table: 254 }, 7, 'table is 254'],
  [{ prevResult: undefined }, 7, 'missing prevResult from earlier plugin'],
  [{ vrfname: 'other' }, 7, 'which is no VRF'],
] as const)
  test(`refused with code ${code}: ${JSON.stringify(keys)}`, async () => {
    const { container, request } = interfaceWithRoutes()
    const before = snapshotOf(container.name)
    const { json } = await call({ ...request, config: { ...request.config, ...keys }, verb: 'ADD' })
    assert.is(json?.code, code)
    assert.match(String(json?.msg), said)
    unchanged(before, () => snapshotOf(container.name))
    removeContainer(container)
  })

test('a table that differs from the VRF’s, an interface with a master, and none at all are refused', async () => {
  const { container, request } = interfaceWithRoutes()
  inContainer(container, 'link add blue type vrf table 9')
  const other = await call({ ...request, config: { ...request.config, table: 10 }, verb: 'ADD' })
  assert.is(other.json?.msg, 'VRF blue already exist with different routing table 9')
  assert.is((await call({ ...request, verb: 'ADD' })).status, 0)
  const again = await call({ ...request, verb: 'ADD' })
  assert.is(again.json?.msg, 'interface eth0 has already a master set: blue')
  const none = await call({ ...request, ifname: 'eth9', verb: 'ADD' })
  assert.equal(
    [none.json?.code, none.json?.msg],
    [4, 'CNI_IFNAME: the container has no interface eth9: put vrf after the plugin that makes it'],
  )
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  assert.ok(exists('blue', container))
  removeContainer(container)
})

test('DEL succeeds with the interface deleted, with the namespace deleted, and before any ADD', async () => {
  const { container, request } = interfaceWithRoutes()
  await call({ ...request, verb: 'ADD' })
  inContainer(container, 'link delete eth0')
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  assert.not.ok(exists('blue', container))
  removeContainer(container)
  for (const netns of [request.netns, ''])
    assert.is((await call({ ...request, netns, verb: 'DEL' })).status, 0)
})

test('STATUS succeeds if the kernel has VRFs, and makes none', async () => {
  const before = ip('link show')
  assert.is((await call({ verb: 'STATUS', config: section })).status, 0)
  assert.is(ip('link show'), before)
})

test.run()
