/** macvlan's examples in conf-examples do what their README says. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { type Netns, newContainer, privateHost, removeContainer } from '../harness/host.ts'
import { router } from '../harness/lan.ts'
import { addresses, inContainer, link, routes } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { bare } from '../harness/nic.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()

/** A number of containers of an example. */
async function wired(file: string, count: number) {
  const net = exampleNetwork(file)
  const containers = Array.from({ length: count }, () => newContainer())
  for (const container of containers) await cnitool.add(net, container)
  const end = async (far: Netns) => {
    for (const container of containers) {
      await cnitool.check(net, container)
      await cnitool.del(net, container)
    }
    inContainer(far, 'link delete trunk')
    removeContainer(far)
  }
  return { containers, end }
}

/** The global addresses of a container. */
function all(container: Netns): string[] {
  return bare(addresses('eth0', container).map((address) => ({ address })))
}

test('70-macvlan-bridge.conflist: containers reach each other and the router through the NIC of the default route', async () => {
  const far = router(70)
  const { containers, end } = await wired('70-macvlan-bridge.conflist', 2)
  const [one, other] = containers as [Netns, Netns]
  assert.ok(pings(one, ...all(other)) && pings(one, '192.168.70.1'))
  assert.ok(routes(4, one).includes('default via 192.168.70.1'))
  assert.ok(isSilent(undefined, ...all(one)))
  await end(far)
})

test('71-macvlan-private.conflist: the router is reached, another container is not', async () => {
  const far = router(71)
  const { containers, end } = await wired('71-macvlan-private.conflist', 2)
  const [one, other] = containers as [Netns, Netns]
  assert.ok(pings(one, '192.168.71.1') && pings(one, 'fd00:71::1'))
  assert.ok(isSilent(one, ...all(other)))
  await end(far)
})

test('72-macvlan-vepa.conflist: containers reach each other where the switch sends frames back', async () => {
  const far = router(72)
  const { containers, end } = await wired('72-macvlan-vepa.conflist', 2)
  const [one, other] = containers as [Netns, Netns]
  assert.ok(pings(one, '192.168.72.1'))
  assert.ok(isSilent(one, ...all(other)))
  inContainer(far, 'link add switch up type bridge')
  inContainer(far, 'link set trunk master switch')
  inContainer(far, 'link set trunk type bridge_slave hairpin on')
  assert.ok(pings(one, ...all(other)))
  await end(far)
})

test('73-macvlan-passthru.conflist: one container has the NIC, with its MAC address', async () => {
  const far = router(73, 'eth1')
  const { containers, end } = await wired('73-macvlan-passthru.conflist', 1)
  const [one] = containers as [Netns]
  assert.is(link('eth0', one).address, link('eth1').address)
  assert.ok(pings(one, '192.168.73.1'))
  await end(far)
})

test('74-macvlan-source.conflist: frames of the listed router are accepted, with another MAC address they are not', async () => {
  const far = router(74)
  const { containers, end } = await wired('74-macvlan-source.conflist', 1)
  const [one] = containers as [Netns]
  assert.ok(pings(one, '192.168.74.1'))
  inContainer(far, 'link set trunk address 02:00:5e:10:00:03')
  assert.ok(isSilent(one, '192.168.74.1'))
  await end(far)
})

test('75-macvlan-host-access.conflist: host and containers reach each other, and the router', async () => {
  const far = router(75)
  const { containers, end } = await wired('75-macvlan-host-access.conflist', 2)
  const [one, other] = containers as [Netns, Netns]
  assert.ok(pings(undefined, ...all(one)) && pings(undefined, ...all(other)) && pings(one, ...all(other)))
  for (const address of ['192.168.75.10', 'fd00:75::10', '192.168.75.1', 'fd00:75::1'])
    assert.ok(pings(one, address), address)
  await end(far)
})

test.run()
