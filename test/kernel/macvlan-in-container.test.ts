/** macvlan with linkInContainer: the parent is an existing interface of the container. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { far, farHost, type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { exists, inContainer, link } from '../harness/look.ts'
import { hostLocal } from '../harness/networks.ts'
import { macvlanNetwork } from '../harness/nic.ts'
import { testRoundTrips } from '../harness/round-trip.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()
farHost()

const ipam = hostLocal('10.70.0.0/24', 'fd70::/64')

/** A container with a cable to another one, which has addresses on it. */
function containerWithCable(): { container: Netns; beyond: Netns } {
  const [container, beyond] = [newContainer(), newContainer()]
  giveParent(container)
  inContainer(container, `link set peer0 netns ${beyond.name}`)
  inContainer(beyond, 'link set peer0 up')
  inContainer(beyond, 'address add 10.70.0.200/24 dev peer0')
  inContainer(beyond, 'address add fd70::200/64 dev peer0 nodad')
  return { container, beyond }
}

function giveParent(container: Netns): void {
  inContainer(container, 'link add parent0 type veth peer name peer0')
  for (const name of ['parent0', 'peer0']) inContainer(container, `link set ${name} up`)
}

test('two macvlans on an interface of the container reach the other end of its cable', async () => {
  const { container, beyond } = containerWithCable()
  const before = { host: snapshot(), inside: snapshotOf(container.name) }
  const net = macvlanNetwork({ linkInContainer: true, master: 'parent0', mode: 'private', ipam })
  await cnitool.add(net, container)
  assert.is(link('eth0', container).link, 'parent0')
  for (const address of ['10.70.0.200', 'fd70::200']) assert.ok(pings(container, address), address)
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  unchanged(before.host)
  unchanged(before.inside, () => snapshotOf(container.name))
  removeContainer(beyond)
})

test('without master, the parent is the interface of the container’s default route', async () => {
  const { container } = containerWithCable()
  inContainer(container, 'route add default dev parent0')
  const net = macvlanNetwork({ linkInContainer: true, master: undefined, ipam })
  await cnitool.add(net, container)
  assert.is(link('eth0', container).link, 'parent0')
  await cnitool.check(net, container)
  await cnitool.del(net, container)
})

test('a macvlan on the container’s macvlan sits on the same NIC of the host', async () => {
  const container = newContainer()
  const outer = macvlanNetwork()
  const inner = macvlanNetwork({ linkInContainer: true, master: 'eth0' })
  await cnitool.add(outer, container)
  await cnitool.add(inner, container, { ifname: 'eth1' })
  await cnitool.check(inner, container, { ifname: 'eth1' })
  await cnitool.del(outer, container)
  assert.ok(exists('eth1', container))
  for (const address of Object.values(far)) assert.ok(pings(container, address), address)
  await cnitool.del(inner, container, { ifname: 'eth1' })
})

test('a macvlan on a macvlan of the host: CHECK finds its parent', async () => {
  const container = newContainer()
  const outer = macvlanNetwork({ master: 'mac0' })
  ip('link add mac0 link uplink type macvlan mode bridge')
  ip('link set mac0 up')
  await cnitool.add(outer, container)
  await cnitool.check(outer, container)
  for (const address of Object.values(far)) assert.ok(pings(container, address), address)
  await cnitool.del(outer, container)
  ip('link delete mac0')
})

test('DEL succeeds after parent and interface were deleted', async () => {
  const before = snapshot()
  const { container, beyond } = containerWithCable()
  const net = macvlanNetwork({ linkInContainer: true, master: 'parent0', ipam })
  await cnitool.add(net, container)
  inContainer(container, 'link delete parent0')
  await cnitool.del(net, container)
  unchanged(before)
  for (const netns of [container, beyond]) removeContainer(netns)
})

testRoundTrips('macvlan in the container', {
  config: { type: 'macvlan', linkInContainer: true, master: 'parent0', mtu: 1300 },
  subnets: ['10.71.0.0/24', 'fd71::/64'],
  prepare: giveParent,
  expect: ({ mtu, linkinfo }) => assert.equal([linkinfo?.info_kind, mtu], ['macvlan', 1300]),
  breaks: {
    'the interface is gone': (container) => inContainer(container, 'link delete eth0'),
    'the interface is on another parent': (container) => {
      const { address } = link('eth0', container)
      inContainer(container, 'link delete eth0')
      inContainer(container, `link add eth0 link peer0 mtu 1300 address ${address} type macvlan mode bridge`)
    },
  },
})

test.run()
