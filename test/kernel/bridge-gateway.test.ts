/** bridge: the gateway's address, the default route, and conflicting addresses. */

import * as assert from 'uvu/assert'
import * as cnitool from '../harness/cnitool.ts'
import { ip } from '../harness/command.ts'
import { refusal, unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { addresses, exists, link, routes, sysctl } from '../harness/look.ts'
import { bridgeNetwork, hostLocal } from '../harness/networks.ts'
import { snapshot } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'

await privateHost()

function bridgeOf(net: cnitool.Network): string {
  return net.plugins[0]?.bridge as string
}

test('isGateway: the bridge has the first address of each subnet, and the host forwards', async () => {
  const net = bridgeNetwork({ isGateway: true })
  const container = newContainer()
  const { ips } = await cnitool.add(net, container)
  const gateways = ips.map(({ address, gateway }) => `${gateway}/${address.split('/')[1]}`)
  assert.equal(addresses(bridgeOf(net)), gateways)
  assert.equal([sysctl('net/ipv4/ip_forward'), sysctl('net/ipv6/conf/all/forwarding')], ['1', '1'])
  assert.not.ok(
    [...routes(4, container), ...routes(6, container)].some((route) => route.startsWith('default')),
  )
})

test('isDefaultGateway: the container’s default routes lead to the bridge', async () => {
  const container = newContainer()
  const { ips } = await cnitool.add(bridgeNetwork({ isDefaultGateway: true }), container)
  const [ipv4, ipv6] = ips.map(({ gateway }) => `default via ${gateway}`)
  assert.ok(routes(4, container).includes(ipv4 ?? ''))
  assert.ok(routes(6, container).includes(ipv6 ?? ''))
})

test('a default route from IPAM is kept, and no second one is added', async () => {
  const ipam = { ...hostLocal('10.210.0.0/24'), routes: [{ dst: '0.0.0.0/0', gw: '10.210.0.254' }] }
  const container = newContainer()
  await cnitool.add(bridgeNetwork({ isDefaultGateway: true, ipam }), container)
  const defaults = routes(4, container).filter((route) => route.startsWith('default'))
  assert.equal(defaults, ['default via 10.210.0.254'])
})

test('a default route from IPAM without a gateway leads to the bridge, once', async () => {
  const ipam = { ...hostLocal('10.211.0.0/24'), routes: [{ dst: '0.0.0.0/0' }] }
  const net = bridgeNetwork({ isDefaultGateway: true, ipam })
  const container = newContainer()
  await cnitool.add(net, container)
  const defaults = routes(4, container).filter((route) => route.startsWith('default'))
  assert.equal(defaults, ['default via 10.211.0.1'])
  await cnitool.check(net, container)
})

test('the host accepts no router advertisements on a bridge or a gateway of containers', async () => {
  const net = bridgeNetwork({ isGateway: true })
  await cnitool.add(net, newContainer())
  assert.is(sysctl(`net/ipv6/conf/${bridgeOf(net)}/accept_ra`), '0')
})

test('without isGateway the bridge has no address and the container no default route', async () => {
  const net = bridgeNetwork({})
  const container = newContainer()
  await cnitool.add(net, container)
  assert.equal(addresses(bridgeOf(net)), [])
  assert.not.ok(routes(4, container).some((route) => route.startsWith('default')))
})

test('the bridge keeps its MAC address when containers are attached and detached', async () => {
  const net = bridgeNetwork({ isGateway: true })
  const [first, second] = [newContainer(), newContainer()]
  const { interfaces } = await cnitool.add(net, first)
  await cnitool.add(net, second)
  await cnitool.del(net, first)
  assert.is(link(bridgeOf(net)).address, interfaces[0]?.mac)
  await cnitool.check(net, second)
})

/** Two networks on one bridge, with different subnets. */
async function secondSubnet(keys: Record<string, unknown>) {
  const net = bridgeNetwork({ isGateway: true, ipam: hostLocal('10.220.0.0/24') })
  await cnitool.add(net, newContainer())
  const bridge = bridgeOf(net)
  const other = bridgeNetwork({ isGateway: true, bridge, ipam: hostLocal('10.221.0.0/24'), ...keys })
  return { bridge, other, container: newContainer() }
}

test('another address on the bridge is refused, with the remedy, and nothing is left', async () => {
  const { bridge, other, container } = await secondSubnet({})
  const before = snapshot()
  const said = await refusal(cnitool.add(other, container))
  assert.match(said, 'already has an IP address different from 10.221.0.1/24')
  assert.match(said, 'forceAddress')
  unchanged(before)
  assert.equal(addresses(bridge), ['10.220.0.1/24'])
  assert.not.ok(exists('eth0', container))
  ip(`link delete ${bridge}`)
})

test('forceAddress replaces another address on the bridge', async () => {
  const { bridge, other, container } = await secondSubnet({ forceAddress: true })
  await cnitool.add(other, container)
  assert.equal(addresses(bridge), ['10.221.0.1/24'])
  ip(`link delete ${bridge}`)
})

test('a further range of the other family is added beside the first', async () => {
  const net = bridgeNetwork({ isGateway: true, ipam: hostLocal('10.230.0.0/24') })
  await cnitool.add(net, newContainer())
  const bridge = bridgeOf(net)
  await cnitool.add(bridgeNetwork({ isGateway: true, bridge, ipam: hostLocal('fd30::/64') }), newContainer())
  assert.equal(addresses(bridge), ['10.230.0.1/24', 'fd30::1/64'])
})

test.run()
