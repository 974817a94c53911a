import * as assert from 'uvu/assert'
import { config } from '../../../plugins/bridge/config.ts'
import { completeLease } from '../../../plugins/bridge/gateway.ts'
import type { Ip, Route } from '../../../shared/cni/result.ts'
import { test } from '../../harness/test.ts'

const silent = { warn: () => {}, info: () => {} }
const bridge = (keys: Record<string, unknown>) =>
  config.parse({ cniVersion: '1.0.0', name: 'mynet', type: 'bridge', ...keys }, silent)
const lease = (ips: Ip[], routes: Route[] = []) => ({ interfaces: [], ips, routes, dns: {} })

test('a gateway bridge has the first address of a subnet, unless IPAM gives another gateway', () => {
  const { ips } = completeLease(
    lease([{ address: '10.1.2.3/24' }, { address: 'fd00::5/64', gateway: 'fd00::9' }]),
    bridge({ isGateway: true }),
  )
  assert.equal(
    ips.map(({ gateway }) => gateway),
    ['10.1.2.1', 'fd00::9'],
  )
})

test('a bridge that is no gateway gets no gateway address', () => {
  const { ips, routes } = completeLease(lease([{ address: '10.1.2.3/24' }]), bridge({}))
  assert.is(ips[0]?.gateway, undefined)
  assert.equal(routes, [])
})

test('the default gateway adds a default route per family, once', () => {
  const ips = [{ address: '10.1.2.3/24' }, { address: '10.9.0.2/24' }, { address: 'fd00::5/64' }]
  const { routes } = completeLease(lease(ips), bridge({ isDefaultGateway: true }))
  assert.equal(routes, [
    { dst: '0.0.0.0/0', gw: '10.1.2.1' },
    { dst: '::/0', gw: 'fd00::1' },
  ])
})

test('a default route with a gateway from IPAM is kept and not duplicated', () => {
  const given = [{ dst: '0.0.0.0/0', gw: '10.1.2.254' }]
  const { routes } = completeLease(
    lease([{ address: '10.1.2.3/24' }], given),
    bridge({ isDefaultGateway: true }),
  )
  assert.equal(routes, given)
})

test.run()
