/** What the results of dhcp have of IPv6: from servers and routers at ADD, and as the kernel follows routers later. */

import * as assert from 'uvu/assert'
import { cidrsOf, resultOf } from '../../../shared/ipam/dhcp/result.ts'
import { follow } from '../../../shared/ipam/dhcp/v6/kernel-now.ts'
import { test } from '../../harness/test.ts'
import { entryWith } from '../cli/dhcp/simulated.ts'

const dns = (name: string, ...nameservers: string[]) => ({ nameservers, search: [name] })
const lease4 = {
  ...{ since: 0, address: '10.0.0.9/24', server: '10.0.0.1', gateway: '10.0.0.1' },
  ...{ routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1' }], dns: { nameservers: ['10.0.0.53'] } },
}
const lease6 = { since: 0, server: '00', addresses: ['fd00::9'], dns: dns('six', 'fd00::53') }
const ipv6 = { slaac: true, gateway: 'fe80::1', dns: dns('router', 'fd00::54', 'fd00::53') }

test("a result has the addresses of all, the routers' gateway, and the name servers of all, each once", () => {
  assert.equal(resultOf({ lease4, lease6, ipv6, priority: 7 }, ['fd00:1::2/64']), {
    ips: [
      { address: '10.0.0.9/24', gateway: '10.0.0.1' },
      { address: 'fd00:1::2/64', gateway: 'fe80::1' },
      { address: 'fd00::9/128', gateway: 'fe80::1' },
    ],
    routes: [
      { dst: '0.0.0.0/0', gw: '10.0.0.1', priority: 7 },
      { dst: '::/0', gw: 'fe80::1' },
    ],
    dns: { nameservers: ['10.0.0.53', 'fd00::53', 'fd00::54'], search: ['six'] },
  })
})

test('without a default router there is neither gateway nor route', () => {
  const { ips, routes } = resultOf({ lease6, ipv6: { slaac: false, dns: {} } })
  assert.equal([ips, routes], [[{ address: 'fd00::9/128' }], []])
  assert.equal(cidrsOf({ addresses: ['fd00::9', 'fd00::a'] }), ['fd00::9/128', 'fd00::a/128'])
})

const now = resultOf({ lease4, lease6, ipv6 }, ['fd00:1::2/64'])
const entry = { ...entryWith({}), lease4, lease6, ipv6, given: now, now }
const addressesOf = (addresses: string[], gateways: string[]) =>
  follow(entry, { addresses, gateways }).ips.map(({ address }) => address)

test("addresses of new prefixes take the former's place; those of servers stay", () => {
  const expected = ['10.0.0.9/24', 'fd00:2::2/64', 'fd00:3::2/64', 'fd00::9/128']
  assert.equal(addressesOf(['fd00:2::2/64', 'fd00:3::2/64'], ['fe80::1']), expected)
})

test('an interface without any address of a prefix has what ADD gave, so that CHECK misses it', () => {
  assert.equal(follow(entry, { addresses: [], gateways: [] }), now)
})

test('another router is the gateway when that of ADD is one no more', () => {
  const gateways = (...found: string[]) => {
    const { ips, routes } = follow(entry, { addresses: ['fd00:1::2/64'], gateways: found })
    return [...ips.slice(1).map(({ gateway }) => gateway), routes[1]?.gw, ips[0]?.gateway]
  }
  assert.equal(gateways('fe80::2', 'fe80::1'), ['fe80::1', 'fe80::1', 'fe80::1', '10.0.0.1'])
  assert.equal(gateways('fe80::2'), ['fe80::2', 'fe80::2', 'fe80::2', '10.0.0.1'])
})

test('without autoconfiguration an address that the kernel made is none of the attachment', () => {
  const apart = { ...entry, ipv6: { ...ipv6, slaac: false } }
  const { ips } = follow(apart, { addresses: ['fd00:9::2/64'], gateways: ['fe80::1'] })
  assert.not(ips.some(({ address }) => address === 'fd00:9::2/64'))
})

test.run()
