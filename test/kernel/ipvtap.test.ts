/** ipvtap in each mode and with each flag: round trips, faults, and a program's packets through the device node to the far host and back. */
// needs: link ipvtap

import { chmodSync, existsSync, rmSync, statSync } from 'node:fs'
import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { command, ip } from '../harness/command.ts'
import { type Netns, newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { lan } from '../harness/lan.ts'
import { addresses, inContainer, type Link, link } from '../harness/look.ts'
import { exampleNetwork, fixed } from '../harness/networks.ts'
import { call } from '../harness/plugin.ts'
import { type Kind, roundTrip, testRoundTrips } from '../harness/round-trip.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings, tunPeer } from '../harness/traffic.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()
lan('nic0')

const path = '/run/nodes/eth0'

const breaks: Kind['breaks'] = {
  'the mode is another': (container) => inContainer(container, 'link set eth0 type ipvtap mode l3'),
  'the node is gone': () => rmSync(path),
  'others may open the node': () => chmodSync(path, 0o666),
}

/** The round trip of a mode and a flag, with all keys. */
function ipvtap(mode: string, flag: string, node = '/run/nodes/{ifname}'): Kind {
  const own = { node, owner: 61000, group: 61001, nodeMode: '0640' }
  return {
    config: { type: 'ipvtap', master: 'nic0', mode, flag, mtu: 1400, ...own },
    subnets: ['10.80.0.0/24', 'fd80::/64'],
    expect: (link) => expect(link, mode, flag),
    breaks,
  }
}

function expect({ mtu, linkinfo }: Link, mode: string, flag: string): void {
  assert.equal([linkinfo?.info_kind, mtu], ['ipvtap', 1400])
  const { uid, gid, mode: permissions } = statSync(path)
  assert.equal([uid, gid, permissions & 0o7777], [61000, 61001, 0o640])
  const { info_data = {} } = linkinfo ?? {}
  // iproute2 6.1 prints no options of an ipvtap.
  if (info_data.mode) assert.equal(info_data, { mode, [flag]: true })
}

for (const mode of ['l2', 'l3', 'l3s'])
  for (const flag of ['bridge', 'private', 'vepa'])
    test(`ipvtap ${mode} ${flag}: up and as configured, and DEL leaves nothing`, () =>
      roundTrip(ipvtap(mode, flag), '1.1.0'))

testRoundTrips('ipvtap l2 bridge', ipvtap('l2', 'bridge'))

testTrouble('ipvtap', { ...ipvtap('l2', 'bridge', '/run/nodes/{containerID}/{ifname}'), atOnce: 5 })

/** A parent with a router behind it, and a container whose own stack answers no pings: only the program does. */
function routed(name: string): { router: Netns; container: Netns } {
  const router = lan(name, newContainer(`router-${name}`))
  inContainer(router, 'address add 192.168.91.1/24 dev trunk')
  inContainer(router, `neighbour replace 192.168.91.200 lladdr ${link(name).address} dev trunk`)
  // In mode l3, packets leave along the host's routes.
  ip(`address add 192.168.91.2/24 dev ${name}`)
  const container = newContainer()
  setSysctl('net/ipv4/icmp_echo_ignore_all', 1, container.name)
  return { router, container }
}

/** Asserts that pings are answered only while a program has the node open. */
async function answersByNode({ router, container }: ReturnType<typeof routed>): Promise<string> {
  const [node = ''] = command('find', '/dev/patchbay', '-type', 'c').trim().split('\n')
  assert.ok(isSilent(router, '192.168.91.200'))
  const peer = await tunPeer(container, node, 'tap')
  assert.ok(pings(router, '192.168.91.200'))
  peer.kill('SIGKILL')
  assert.ok(isSilent(router, '192.168.91.200'))
  return node
}

test('191-ipvtap.conflist: a program that opens the node answers the far host with the container’s address and the NIC’s MAC address', async () => {
  const far = routed('eth0')
  const net = exampleNetwork('191-ipvtap.conflist')
  await cnitool.add(net, far.container)
  assert.equal(addresses('eth0', far.container), ['192.168.91.200/24'])
  const node = await answersByNode(far)
  await cnitool.check(net, far.container)
  await cnitool.del(net, far.container)
  assert.not.ok(existsSync(node))
  ip('link delete eth0')
})

test('mode l3: the program receives the packets to its address, and its answers leave along the host’s routes', async () => {
  const far = routed('nic1')
  const ipam = fixed('192.168.91.200/24')
  const net = cnitool.network('routed', { type: 'ipvtap', mode: 'l3', master: 'nic1', ipam }, '1.1.0')
  await cnitool.add(net, far.container)
  await answersByNode(far)
  await cnitool.del(net, far.container)
  ip('link delete nic1')
})

test('mode l3s: incoming packets go to the container’s own stack, not to the program, and ADD warns of that', async () => {
  const { router, container } = routed('nic2')
  const ipam = fixed('192.168.91.200/24')
  const config = { type: 'ipvtap', name: 'net', cniVersion: '1.1.0', mode: 'l3s', master: 'nic2', ipam }
  const request = { config, containerID: container.name, netns: container.path }
  const { status, stderr } = await call({ ...request, verb: 'ADD' })
  assert.is(status, 0)
  assert.match(stderr, 'mode l3s: a program that opens the device node can send, but receives nothing')
  const [node = ''] = command('find', '/dev/patchbay', '-type', 'c').trim().split('\n')
  const peer = await tunPeer(container, node, 'tap')
  assert.ok(isSilent(router, '192.168.91.200'))
  peer.kill('SIGKILL')
  setSysctl('net/ipv4/icmp_echo_ignore_all', 0, container.name)
  assert.ok(pings(router, '192.168.91.200'))
  assert.is((await call({ ...request, verb: 'DEL' })).status, 0)
  ip('link delete nic2')
})

test('a mode other than that of an ipvlan on the same parent is refused with its name', async () => {
  const one = newContainer()
  const base = { name: 'net', cniVersion: '1.1.0', master: 'nic0' }
  const ipvlan = { config: { ...base, type: 'ipvlan' }, netns: one.path, containerID: 'one' }
  assert.is((await call({ verb: 'ADD', ...ipvlan })).status, 0)
  const ipam = fixed('10.1.2.3/24')
  const config = { ...base, type: 'ipvtap', mode: 'l3', ipam }
  const { json } = await call({ verb: 'ADD', config, netns: newContainer().path })
  assert.equal(json?.code, 7)
  assert.match(String(json?.msg), 'cannot be on nic0 beside ipvlan eth0')
  assert.is((await call({ verb: 'DEL', ...ipvlan })).status, 0)
})

for (const [keys, said] of [
  [{ mode: 'l3' }, 'ipam is not set: mode l3 needs it'],
  [{ mode: 'bridge' }, 'mode is "bridge"'],
  [{ node: '../tap' }, 'node is "../tap"'],
  [{ nodeMod: '0600' }, 'nodeMode'],
  [{ master: 'lo' }, 'ipvtap cannot sit on lo'],
] as const)
  test(`refused: ${JSON.stringify(keys)}`, async () => {
    const config = { type: 'ipvtap', name: 'net', cniVersion: '1.1.0', master: 'nic0', ...keys }
    const { json } = await call({ verb: 'ADD', config, netns: newContainer().path })
    assert.is(json?.code, 7)
    assert.match(String(json?.msg), said)
  })

test.run()
