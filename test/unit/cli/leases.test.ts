/** Leases as the operator sees them: how much time is left, what is lost, what a renewal has changed, and what a plan puts in their place. */

import * as assert from 'uvu/assert'
import { clientText, leaseText } from '../../../cli/attachments/told-lease.ts'
import { currentFacts } from '../../../cli/host/lease-facts.ts'
import { firstToEnd, isOver, leasesOf, lostAddresses } from '../../../cli/host/leases.ts'
import { leaseFaults } from '../../../cli/lists/lease.ts'
import { standInsOf, withoutServers } from '../../../cli/plan/lease.ts'
import type { Entry } from '../../../shared/ipam/dhcp/journal.ts'
import { leaseEntry } from '../../harness/lease.ts'
import { test } from '../../harness/test.ts'

const attachment = { network: 'lan', containerID: 'c1', ifname: 'eth0' }
const entry = leaseEntry(attachment, { path: '/proc/self/ns/net' })
const since = entry.lease4?.since ?? 0
const result = (...addresses: string[]): Entry['now'] => ({
  ips: addresses.map((address) => ({ address })),
  routes: [],
  dns: {},
})

test('times are seconds from now: past ones are negative, and a lease without an end has none', () => {
  const [lease] = leasesOf(entry, since + 3_500_000)
  assert.equal([lease?.renew, lease?.rebind, lease?.expire], [-1700, -350, 100])
  const endless = { ...entry, lease4: { ...entry.lease4, expire: undefined } as Entry['lease4'] }
  assert.is(leasesOf(endless)[0]?.expire, undefined)
  assert.not(isOver({}))
  assert.ok(isOver({ expire: 0 }))
})

test('an entry has a lease for each family; the first to end is that with the least time', () => {
  const six = { server: '0003000102', addresses: ['fd00::7'], dns: {}, expire: 60, since }
  const leases = leasesOf({ ...entry, lease6: six }, since)
  assert.equal(
    leases.map(({ family }) => family),
    [4, 6],
  )
  assert.is(firstToEnd(leases)?.family, 6)
  assert.is(firstToEnd([]), undefined)
})

test('an address is lost when the interface has none of its family now', () => {
  const given = result('10.0.0.7/24', 'fd00::7/64')
  assert.equal(lostAddresses({ given, now: given }), [])
  assert.equal(lostAddresses({ given, now: result('10.0.0.8/24') }), ['fd00::7/64'])
})

test('a result has what was renewed in place of what ADD gave; what is of others stays', () => {
  const before = { ips: [{ address: '10.0.0.7/24', gateway: '10.0.0.1' }], routes: [], dns: {} }
  const now = {
    ips: [{ address: '10.0.1.7/24', gateway: '10.0.1.1' }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.0.1.1' }],
    dns: {},
  }
  const facts = {
    ...{ interfaces: [], addresses: ['10.0.0.7/24', 'fd00:0:0::9/64'], gateways: ['10.0.0.1', 'fd00::1'] },
    routes: ['10.9.0.0/16 via 10.0.0.2'],
  }
  assert.equal(currentFacts(facts, { given: before, now }), {
    ...{ interfaces: [], addresses: ['fd00:0:0::9/64', '10.0.1.7/24'], gateways: ['fd00::1', '10.0.1.1'] },
    routes: ['10.9.0.0/16 via 10.0.0.2', '0.0.0.0/0 via 10.0.1.1'],
  })
  assert.equal(currentFacts(undefined, { given: before, now })?.addresses, ['10.0.1.7/24'])
  assert.is(currentFacts(facts, undefined), facts)
})

test('the words for a lease follow its times', () => {
  const text = (times: object) =>
    leaseText({ family: 4, server: '10.0.0.1', addresses: ['10.0.0.7/24'], ...times })
  const of = '10.0.0.7/24 from 10.0.0.1'
  assert.is(text({}), `${of}, never ends`)
  assert.is(text({ renew: 60, rebind: 90, expire: 100 }), `${of}, asks it again in 60s, ends in 100s`)
  assert.is(text({ renew: -5, rebind: 25, expire: 35 }), `${of}, asks it again since 5s, ends in 35s`)
  assert.is(text({ renew: -35, rebind: -5, expire: 5 }), `${of}, asks any server since 5s, ends in 5s`)
  assert.is(text({ renew: -65, rebind: -35, expire: -25 }), `${of}, ended 25s ago`)
})

test('a client identifier is a text where it is one', () => {
  assert.is(clientText('0077656230'), 'web0')
  assert.is(clientText('01020000000007'), '01020000000007')
  assert.is(clientText('00771b'), '00771b')
  assert.is(clientText(''), '')
})

const plugin = (ipam: object) => ({ file: '', network: 'n', type: 'macvlan', raw: { type: 'macvlan', ipam } })

test('a plan has addresses of documentation in place of those of servers, also in a list of IPAM plugins', () => {
  const both = plugin({
    type: 'ipam-list',
    list: [{ type: 'static' }, { type: 'dhcp', ipv4: false, ipv6: 'slaac' }],
  })
  assert.equal(standInsOf([both]), ['2001:db8::2/64'])
  const six = { address: '2001:db8::2/64', gateway: '2001:db8::1' }
  assert.equal(withoutServers(both).raw.ipam, {
    type: 'ipam-list',
    list: [{ type: 'static' }, { type: 'static', addresses: [six], routes: [{ dst: '::/0' }] }],
  })
  const local = plugin({ type: 'host-local' })
  assert.is(withoutServers(local), local)
  assert.equal(standInsOf([local, plugin({ type: 'dhcp' })]), ['192.0.2.2/24'])
})

test('a client ID that is a text is warned of, and the words of the key are not', () => {
  const about = (ipam: object) => leaseFaults({ raw: { ipam } }).filter(({ msg }) => msg.includes('clientId'))
  assert.is(about({ type: 'dhcp', clientId: 'rack-7' }).length, 1)
  for (const clientId of ['attachment', 'pod', 'mac', undefined])
    assert.equal(about({ type: 'dhcp', clientId }), [])
  assert.equal(about({ type: 'host-local', clientId: 'x' }), [])
})

test.run()
