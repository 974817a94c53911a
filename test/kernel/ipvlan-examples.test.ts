/** ipvlan's examples in conf-examples do what their README says. */
// needs: link ipvlan

import * as assert from 'uvu/assert'
import { attachTwo } from '../harness/attach.ts'
import { privateHost } from '../harness/host.ts'
import { reflect, removeLan, router } from '../harness/lan.ts'
import { inContainer, link, routes } from '../harness/look.ts'
import { exampleNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { isSilent, pings } from '../harness/traffic.ts'

await privateHost()

test.after.each(removeLan)

test('80-ipvlan-l2.conflist: containers reach each other and the router, with the NIC’s MAC address', async () => {
  router(80)
  const { one, other, end } = await attachTwo(exampleNetwork('80-ipvlan-l2.conflist'))
  assert.ok(pings(one, ...other.addresses) && pings(one, '192.168.80.1'))
  assert.is(link('eth0', one).address, link('eth0').address)
  assert.ok(routes(4, one).includes('default via 192.168.80.1'))
  assert.ok(isSilent(undefined, ...one.addresses))
  await end()
})

test('81-ipvlan-l3.conflist: the LAN’s router routes to the containers, which have no gateway', async () => {
  const far = router(81)
  const { one, other, end } = await attachTwo(exampleNetwork('81-ipvlan-l3.conflist'))
  inContainer(far, 'route add 10.81.0.0/24 via 192.168.81.10')
  inContainer(far, '-6 route add fd00:10:81::/64 via fd00:81::10')
  assert.ok(pings(one, ...other.addresses) && pings(far, ...one.addresses))
  assert.ok(pings(one, '192.168.81.1') && pings(one, 'fd00:81::1'))
  assert.ok(routes(4, one).includes('default') && routes(6, one).includes('default'))
  await end()
})

test('82-ipvlan-l3s.conflist: the LAN’s router routes to the containers', async () => {
  const far = router(82)
  const { one, other, end } = await attachTwo(exampleNetwork('82-ipvlan-l3s.conflist'))
  inContainer(far, 'route add 10.82.0.0/24 via 192.168.82.10')
  assert.ok(pings(one, ...other.addresses) && pings(far, ...one.addresses) && pings(one, '192.168.82.1'))
  await end()
})

test('83-ipvlan-private.conflist: the router is reached, another container is not', async () => {
  router(83)
  const { one, other, end } = await attachTwo(exampleNetwork('83-ipvlan-private.conflist'))
  assert.ok(pings(one, '192.168.83.1') && pings(one, 'fd00:83::1'))
  assert.ok(isSilent(one, ...other.addresses))
  await end()
})

test('84-ipvlan-vepa.conflist: containers reach each other where the switch sends frames back', async () => {
  const far = router(84)
  const { one, other, end } = await attachTwo(exampleNetwork('84-ipvlan-vepa.conflist'))
  assert.ok(pings(one, '192.168.84.1'))
  assert.ok(isSilent(one, ...other.addresses))
  reflect(far, 'trunk')
  assert.ok(pings(one, ...other.addresses))
  await end()
})

test('85-ipvlan-host-access.conflist: host and containers reach each other, and the router', async () => {
  router(85)
  const { one, other, end } = await attachTwo(exampleNetwork('85-ipvlan-host-access.conflist'))
  assert.ok(pings(undefined, ...one.addresses, ...other.addresses) && pings(one, ...other.addresses))
  for (const address of ['192.168.85.10', 'fd00:85::10', '192.168.85.1', 'fd00:85::1'])
    assert.ok(pings(one, address), address)
  await end()
})

test.run()
