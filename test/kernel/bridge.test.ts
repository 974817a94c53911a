/** bridge: packets between two containers and the gateway. */

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { attachTwo } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, hostEnd, link, routes } from '../harness/look.ts'
import { bridgeNetwork } from '../harness/networks.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { pings } from '../harness/traffic.ts'

await privateHost()

test('after ADD, two containers reach each other and the gateway over IPv4 and IPv6 without delay', async () => {
  const { one, other } = await attachTwo(bridgeNetwork({ isDefaultGateway: true }))
  for (const { gateway = '' } of one.result.ips) assert.ok(pings(one, gateway), `to the gateway ${gateway}`)
  for (const address of other.addresses) assert.ok(pings(one, address), `to ${address}`)
})

test('the result agrees with the kernel', async () => {
  const net = bridgeNetwork({ isDefaultGateway: true, mtu: 1400 })
  const container = newContainer()
  const { interfaces, ips, routes: given = [] } = await cnitool.add(net, container)
  const [bridge, host, inside] = interfaces
  const eth0 = link('eth0', container)
  const end = hostEnd(container)
  assert.equal([bridge?.name, bridge?.mac], [end.master, link(end.master ?? '').address])
  assert.equal([host?.name, host?.mac, host?.mtu], [end.ifname, end.address, 1400])
  assert.equal([inside?.name, inside?.mac, inside?.mtu], ['eth0', eth0.address, 1400])
  assert.equal(inside?.sandbox, container.path)
  assert.equal(
    ips.map(({ address }) => address),
    addresses('eth0', container),
  )
  assert.equal(
    ips.map((ip) => ip.interface),
    [2, 2],
  )
  const defaults = [...routes(4, container), ...routes(6, container)].filter((it) => it.startsWith('default'))
  assert.equal(
    given.map(({ gw }) => `default via ${gw}`),
    defaults,
  )
})

test('after ADD, CHECK and DEL, host and container are as before, except for the bridge', async () => {
  const net = bridgeNetwork({ isDefaultGateway: true })
  const [first, container] = [newContainer(), newContainer()]
  await cnitool.add(net, first)
  await cnitool.del(net, first)
  const before = snapshot()
  const insideBefore = snapshotOf(container.name)
  await cnitool.add(net, container)
  await cnitool.check(net, container)
  await cnitool.del(net, container)
  unchanged(before)
  unchanged(insideBefore, () => snapshotOf(container.name))
})

test('one container has interfaces in two networks, with two names', async () => {
  const [front, back] = [bridgeNetwork({ isGateway: true }), bridgeNetwork({ isGateway: true })]
  const container = newContainer()
  await cnitool.add(front, container, { ifname: 'front' })
  await cnitool.add(back, container, { ifname: 'back' })
  await cnitool.check(front, container, { ifname: 'front' })
  await cnitool.del(front, container, { ifname: 'front' })
  await cnitool.check(back, container, { ifname: 'back' })
  const [gateway] = addresses(back.plugins[0]?.bridge as string)
  assert.ok(pings(container, bare(gateway)))
})

test('a second ADD with the same name is refused and removes nothing', async () => {
  const net = bridgeNetwork({ isGateway: true })
  const container = newContainer()
  await cnitool.add(net, container)
  const before = snapshot()
  await cnitool.add(net, container).then(
    () => assert.unreachable('the second ADD was accepted'),
    ({ stderr }) => assert.match(stderr, /eth0/),
  )
  unchanged(before)
  await cnitool.check(net, container)
})

test.run()
