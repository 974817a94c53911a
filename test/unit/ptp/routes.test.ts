/** Routes of ptp, and the gateways that they need. */

import * as assert from 'uvu/assert'
import {
  containerRoutes,
  gatewayAddresses,
  hostRoutes,
  requireGateways,
} from '../../../plugins/ptp/routes.ts'
import { emptyResult } from '../../../shared/cni/result.ts'
import { formatAddress } from '../../../shared/ip/address.ts'
import { formatCidr } from '../../../shared/ip/subnet.ts'
import type { RouteSpec } from '../../../shared/netlink/route.ts'
import { test } from '../../harness/test.ts'

const link = { index: 7, linkName: 'eth0', name: 'eth0' }

function shown({ dst, gateway, source }: RouteSpec): string {
  const [via, src] = [gateway && ` via ${formatAddress(gateway)}`, source && ` src ${formatAddress(source)}`]
  return `${formatCidr(dst)}${via ?? ''}${src ?? ''}`
}

test('the gateway is on the link, the subnet is routed through it; the host has a route to the address only', () => {
  const ips = [{ address: '10.1.2.3/24', gateway: '10.1.2.1' }]
  assert.equal(containerRoutes(ips, link).map(shown), [
    '10.1.2.1/32 src 10.1.2.3',
    '10.1.2.0/24 via 10.1.2.1 src 10.1.2.3',
  ])
  assert.equal(hostRoutes(ips, link).map(shown), ['10.1.2.3/32'])
  assert.equal(gatewayAddresses(ips).map(formatCidr), ['10.1.2.1/32'])
})

test('addresses of one subnet share its routes and gateway', () => {
  const ips = ['fd00::5/64', 'fd00::6/64'].map((address) => ({ address, gateway: 'fd00::1' }))
  assert.equal(containerRoutes(ips, link).map(shown), [
    'fd00::1/128 src fd00::5',
    'fd00::/64 via fd00::1 src fd00::5',
  ])
  assert.equal(hostRoutes(ips, link).map(shown), ['fd00::5/128', 'fd00::6/128'])
  assert.equal(gatewayAddresses(ips).map(formatCidr), ['fd00::1/128'])
})

test('an address without a subnet has only the route to its gateway', () => {
  const ips = [{ address: '203.0.113.7/32', gateway: '169.254.1.1' }]
  assert.equal(containerRoutes(ips, link).map(shown), ['169.254.1.1/32 src 203.0.113.7'])
})

test('an IPAM result without a gateway, or with the address itself as gateway, is refused', () => {
  const lease = (gateway?: string) => ({ ...emptyResult(), ips: [{ address: '10.1.2.3/24', gateway }] })
  assert.throws(() => requireGateways(lease()), /10\.1\.2\.3\/24 without a gateway/)
  assert.throws(() => requireGateways(lease('10.1.2.3')), /10\.1\.2\.3\/24 and the same as gateway/)
  assert.equal(requireGateways(lease('10.1.2.1')), lease('10.1.2.1'))
})

test.run()
