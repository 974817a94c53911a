/** What an entry becomes: addresses, routes, name servers of both families. */

import * as assert from 'uvu/assert'
import { hasAddresses, withLease, withoutAddresses } from '../../../../cli/dhcp/entries.ts'
import type { Lease4, Lease6 } from '../../../../shared/dhcp/lease.ts'
import type { Entry } from '../../../../shared/ipam/dhcp/journal.ts'
import { test } from '../../../harness/test.ts'
import { entryWith } from './simulated.ts'

const lease4: Lease4 = {
  ...{ address: '10.0.0.10/25', server: '10.0.0.1', gateway: '10.0.0.2', mtu: 1400 },
  routes: [{ dst: '10.9.0.0/16' }, { dst: '0.0.0.0/0', gw: '10.0.0.2' }],
  dns: { nameservers: ['10.0.0.53'], domain: 'example.org' },
}
const lease6: Lease6 = { server: '00', addresses: ['fd00::9', 'fd00::a'], dns: { nameservers: ['fd00::53'] } }

/** With an address of DHCPv6 and one of a router's prefix, which is not DHCPv6's. */
const both: Entry = {
  ...entryWith({ renew: 10, rebind: 20, expire: 30 }),
  ...{ priority: 7, lease6: { ...lease6, since: 0 } },
  now: {
    ips: [
      { address: '10.0.0.9/24' },
      { address: 'fd00::9/128' },
      { address: 'fd00::a/128' },
      { address: '2001:db8::1/64', gateway: 'fe80::1' },
    ],
    routes: [
      { dst: '0.0.0.0/0', gw: '10.0.0.1' },
      { dst: '::/0', gw: 'fe80::1' },
    ],
    dns: { nameservers: ['10.0.0.54', 'fd00::53'] },
  },
}
const addressesOf = ({ now }: Entry) => now.ips.map(({ address }) => address)

test('a lease of IPv4 replaces addresses, routes and name servers of IPv4 alone', () => {
  const { now } = withLease(both, lease4, 5000)
  assert.equal(
    now.ips.map(({ address }) => address),
    ['10.0.0.10/25', 'fd00::9/128', 'fd00::a/128', '2001:db8::1/64'],
  )
  assert.equal(now.routes, [
    { dst: '10.9.0.0/16', gw: '0.0.0.0', priority: 7 },
    { dst: '0.0.0.0/0', gw: '10.0.0.2', priority: 7 },
    { dst: '::/0', gw: 'fe80::1' },
  ])
  assert.equal(now.dns, { nameservers: ['10.0.0.53', 'fd00::53'], domain: 'example.org' })
  assert.is(now.mtu, 1400)
})

test('an MTU that the server gave before is no change', () => {
  const entry = withLease(both, lease4, 0)
  const { mtu: _, ...now } = entry.now
  assert.is(withLease({ ...entry, now }, lease4, 1).now.mtu, undefined)
})

test('no MTU is greater than that before ADD, and none takes IPv6 from the interface', () => {
  const mtuOf = (entry: Entry, mtu: number) => withLease(entry, { ...lease4, mtu }, 0).now.mtu
  const ipv4 = withoutAddresses({ ...both, mtu: 1500, now: { ...both.now, ips: [] } }, 6, 0)
  assert.equal([mtuOf(ipv4, 9000), mtuOf(ipv4, 576)], [1500, 576])
  assert.equal([mtuOf(both, 1279), mtuOf(both, 1280)], [undefined, 1280])
})

test('a lease of DHCPv6 replaces its own addresses, and not those of a router', () => {
  const entry = withLease(both, { ...lease6, addresses: ['fd00::b'] }, 5000)
  assert.equal(addressesOf(entry), ['10.0.0.9/24', '2001:db8::1/64', 'fd00::b/128'])
  assert.equal([entry.lease6?.since, entry.lease4?.since], [5000, 0])
})

test('without its addresses a lease has ended at that moment, and the others stay', () => {
  const lost = withoutAddresses(both, 4, 5000)
  assert.equal(addressesOf(lost), ['fd00::9/128', 'fd00::a/128', '2001:db8::1/64'])
  assert.equal(lost.now.routes, [{ dst: '::/0', gw: 'fe80::1' }])
  assert.equal([lost.lease4?.renew, lost.lease4?.rebind, lost.lease4?.expire], [5, 5, 5])
  assert.equal([hasAddresses(both, 4), hasAddresses(lost, 4), hasAddresses(lost, 6)], [true, false, true])
  const lost6 = withoutAddresses(both, 6, 40_000)
  assert.equal(addressesOf(lost6), ['10.0.0.9/24', '2001:db8::1/64'])
  assert.is(lost6.lease4?.expire, 30)
})

test.run()
