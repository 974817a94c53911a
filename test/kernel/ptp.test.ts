/** ptp: reachability over routed links, and the routes of both ends. */

import * as assert from 'uvu/assert'
import { bare } from '../harness/address.ts'
import { attachTwo } from '../harness/attach.ts'
import * as cnitool from '../harness/cnitool.ts'
import { far, farHost, newContainer, privateHost, setSysctl } from '../harness/host.ts'
import { addresses, hostEnd, link, routes, sysctl } from '../harness/look.ts'
import { exampleNetwork, ptpNetwork } from '../harness/networks.ts'
import { test } from '../harness/test.ts'
import { isSilent, mirrorIn, pings } from '../harness/traffic.ts'

await privateHost()

const mirror = await mirrorIn(farHost())

/** The routes without the kernel's own for link-local and multicast traffic. */
function ownRoutes(family: 4 | 6, ...where: Parameters<typeof link>[1][]): string[] {
  return routes(family, ...where).filter((route) => !/^(fe80|ff00|multicast)/.test(route))
}

test('after ADD, two containers, the gateway and the host reach each other over IPv4 and IPv6 without delay', async () => {
  const { one, other } = await attachTwo(ptpNetwork())
  for (const address of other.addresses) {
    assert.ok(pings(one, address), `container to ${address}`)
    assert.ok(pings(undefined, address), `host to ${address}`)
    assert.ok(pings(one, address.replace(/[^.:]+$/, '1')), `to the gateway beside ${address}`)
  }
})

test('packets between two containers are routed by the host', async () => {
  const { one, other } = await attachTwo(ptpNetwork())
  setSysctl('net/ipv4/ip_forward', 0)
  setSysctl('net/ipv6/conf/all/forwarding', 0)
  for (const address of other.addresses) assert.ok(isSilent(one, address), `${address} without forwarding`)
  setSysctl('net/ipv4/ip_forward', 1)
  setSysctl('net/ipv6/conf/all/forwarding', 1)
  for (const address of other.addresses) assert.ok(pings(one, address), `${address} with forwarding`)
})

test('the container has routes to the gateway and, through it, to its subnet; the host has a route to the container only', async () => {
  const container = newContainer()
  const { ips, interfaces } = await cnitool.add(ptpNetwork({ mtu: 1400 }), container)
  const [ipv4 = '', ipv6 = ''] = ips.map(({ gateway }) => gateway)
  const end = hostEnd(container)
  assert.equal(ownRoutes(4, container), [ipv4.replace(/1$/, '0/24 via ') + ipv4, ipv4])
  assert.equal(ownRoutes(6, container), [ipv6, `${ipv6.replace(/1$/, '/64 via ')}${ipv6}`])
  assert.equal(addresses(end.ifname), [`${ipv4}/32`, `${ipv6}/128`])
  const [host, inside] = interfaces
  assert.equal([host?.name, host?.mac, host?.mtu], [end.ifname, end.address, 1400])
  assert.equal(
    [inside?.name, inside?.mac, inside?.sandbox],
    ['eth0', link('eth0', container).address, container.path],
  )
  assert.equal(
    ips.map((ip) => ip.interface),
    [1, 1],
  )
})

test('a container cannot make itself the host’s router', async () => {
  const container = newContainer()
  await cnitool.add(ptpNetwork(), container)
  assert.is(sysctl(`net/ipv6/conf/${hostEnd(container).ifname}/accept_ra`), '0')
})

test('the interface has the requested MAC address', async () => {
  const container = newContainer()
  await cnitool.add(ptpNetwork(), container, { args: { MAC: '02:00:5e:00:00:07' } })
  assert.is(link('eth0', container).address, '02:00:5e:00:00:07')
})

test('a single address with a gateway outside its subnet works', async () => {
  const ipam = {
    type: 'static',
    addresses: [{ address: '203.0.113.7/32', gateway: '169.254.1.1' }],
    routes: [{ dst: '0.0.0.0/0' }],
  }
  const container = newContainer()
  const net = ptpNetwork({ ipam })
  await cnitool.add(net, container)
  await cnitool.check(net, container)
  assert.equal(ownRoutes(4, container), ['default via 169.254.1.1', '169.254.1.1'])
  assert.is(mirror.sourceOf(container, far.ipv4, 'tcp'), '203.0.113.7')
})

test('two addresses of one subnet share its routes', async () => {
  const addresses = ['10.240.0.5/24', '10.240.0.6/24', 'fd00:240::5/64', 'fd00:240::6/64']
  const gateway = (address: string) => address.replace(/[56]\/.*/, '1')
  const ipam = {
    type: 'static',
    addresses: addresses.map((address) => ({ address, gateway: gateway(address) })),
  }
  const container = newContainer()
  const net = ptpNetwork({ ipam })
  await cnitool.add(net, container)
  await cnitool.check(net, container)
  for (const address of addresses) assert.ok(pings(undefined, bare(address)), address)
})

test('100-ptp.conflist: containers reach each other; the far host sees each by its own address', async () => {
  const { one, other, end } = await attachTwo(exampleNetwork('100-ptp.conflist'))
  for (const address of other.addresses) {
    assert.ok(pings(one, address), address)
    assert.is(mirror.sourceOf(other, far.ipv4, 'tcp'), address)
  }
  await end()
})

test.run()
