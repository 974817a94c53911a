/** macvlan's examples in conf-examples do what their README says. */
// needs: link macvlan

import * as assert from 'uvu/assert'
import { attach, attachTwo } from '../harness/attach.ts'
import { privateHost } from '../harness/host.ts'
import { reflect, removeLan, router } from '../harness/lan.ts'
import { inContainer, link, routes } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()

test.after.each(removeLan)

test('70-macvlan-bridge.conflist: containers reach each other and the router through the NIC of the default route', async () => {
  router(70)
  const { one, other, end } = await attachTwo(exampleNetwork('70-macvlan-bridge.conflist'))
  assert.ok(pings(one, ...other.addresses) && pings(one, '192.168.70.1'))
  assert.ok(routes(4, one).includes('default via 192.168.70.1'))
  assert.ok(isSilent(undefined, ...one.addresses))
  await end()
})

test('71-macvlan-private.conflist: the router is reached, another container is not', async () => {
  router(71)
  const { one, other, end } = await attachTwo(exampleNetwork('71-macvlan-private.conflist'))
  assert.ok(pings(one, '192.168.71.1') && pings(one, 'fd00:71::1'))
  assert.ok(isSilent(one, ...other.addresses))
  await end()
})

test('72-macvlan-vepa.conflist: containers reach each other where the switch sends frames back', async () => {
  const far = router(72)
  const { one, other, end } = await attachTwo(exampleNetwork('72-macvlan-vepa.conflist'))
  assert.ok(pings(one, '192.168.72.1'))
  assert.ok(isSilent(one, ...other.addresses))
  reflect(far, 'trunk')
  assert.ok(pings(one, ...other.addresses))
  await end()
})

test('73-macvlan-passthru.conflist: one container has the NIC, with its MAC address', async () => {
  router(73, 'eth1')
  const one = await attach(exampleNetwork('73-macvlan-passthru.conflist'))
  assert.is(link('eth0', one).address, link('eth1').address)
  assert.ok(pings(one, '192.168.73.1'))
  await one.check()
  await one.del()
})

test('74-macvlan-source.conflist: frames of the listed router are accepted, with another MAC address they are not', async () => {
  const far = router(74)
  const one = await attach(exampleNetwork('74-macvlan-source.conflist'))
  assert.ok(pings(one, '192.168.74.1'))
  inContainer(far, 'link set trunk address 02:00:5e:10:00:03')
  assert.ok(isSilent(one, '192.168.74.1'))
  await one.check()
  await one.del()
})

test('75-macvlan-host-access.conflist: host and containers reach each other, and the router', async () => {
  router(75)
  const { one, other, end } = await attachTwo(exampleNetwork('75-macvlan-host-access.conflist'))
  assert.ok(pings(undefined, ...one.addresses, ...other.addresses) && pings(one, ...other.addresses))
  for (const address of ['192.168.75.10', 'fd00:75::10', '192.168.75.1', 'fd00:75::1'])
    assert.ok(pings(one, address), address)
  await end()
})

test.run()
