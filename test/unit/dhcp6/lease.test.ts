/** What of a server's message becomes a lease: addresses that an interface can have, and times in order. */

import * as assert from 'uvu/assert'
import { INFINITE } from '../../../shared/dhcp/v6/ia.ts'
import { isLease, leaseOf } from '../../../shared/dhcp/v6/lease.ts'
import type { Option } from '../../../shared/dhcp/v6/options.ts'
import { test } from '../../harness/test.ts'
import { client, forever, type GivenAddress, ia, one, status } from './server.ts'

const found = (...options: Option[]) => leaseOf(options, one, client.iaid)

/** The lease's addresses and times. */
function lease(addresses: GivenAddress[], times: { t1?: number; t2?: number } = {}) {
  const got = found(ia(addresses, times))
  return isLease(got) ? [got.addresses.join(' '), got.renew, got.rebind, got.expire] : got
}

/** Why there is no lease. */
function fault(...options: Option[]) {
  const got = found(...options)
  return isLease(got) ? got : [got.why, got.isOver]
}

const address = '2001:db8::1'

test("the server's T1 and T2 are taken; what it leaves to the client is a share of the shortest preferred lifetime", () => {
  assert.equal(lease([{ address }], { t1: 30, t2: 60 }), [address, 30, 60, 200])
  assert.equal(lease([{ address }]), [address, 50, 80, 200])
  const other = { address: 'fd00::2', preferred: 10, valid: 1000 }
  assert.equal(lease([{ address }, other]), [`${address} fd00::2`, 5, 8, 200])
})

test('times without sense are put in order: T1 at or after the end, T2 before T1', () => {
  assert.equal(lease([{ address }], { t1: 200, t2: 5000 }), [address, 50, 80, 200])
  assert.equal(lease([{ address }], { t1: INFINITE, t2: INFINITE }), [address, 50, 80, 200])
  assert.equal(lease([{ address }], { t1: 90 }), [address, 90, 90, 200])
  assert.equal(lease([{ address, preferred: 1, valid: 1 }]), [address, 1, 1, 1])
})

test('a lease without end has no times; the server may want to be asked all the same', () => {
  assert.equal(lease([{ address, ...forever }]), [address, undefined, undefined, undefined])
  assert.equal(lease([{ address, ...forever }], { t1: 10, t2: 20 }), [address, 10, 20, undefined])
})

test('an address that is deprecated comes last, and does not end the lease', () => {
  const old = { address: 'fd00::1', preferred: 0, valid: 50 }
  assert.equal(lease([old, { address }]), [`${address} fd00::1`, 25, 40, 50])
})

test('an address that is preferred for longer than valid is not used', () => {
  assert.equal(fault(ia([{ address, preferred: 201, valid: 200 }])), ['without an address', false])
})

for (const address of [
  '::',
  '::1',
  '::ffff:10.0.0.1',
  '64:ff9b::a00:1',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '4000::1',
])
  test(`${address} is no address for an interface`, () => {
    assert.not(isLease(found(ia([{ address }]))))
    assert.equal(lease([{ address }, { address: '2001:db8::2' }]), ['2001:db8::2', 50, 80, 200])
  })

test('global unicast and unique local addresses are taken, each once, 16 at most', () => {
  assert.equal(lease([{ address: '3fff::1' }, { address: 'fdff::1' }, { address: '3fff::1' }]), [
    '3fff::1 fdff::1',
    ...[50, 80, 200],
  ])
  const many = Array.from({ length: 500 }, (_, index) => ({ address: `fd00::1:${index.toString(16)}` }))
  const got = found(ia(many))
  assert.is(isLease(got) && got.addresses.length, 16)
})

test('an address with a refusal of its own is not used', () => {
  assert.equal(lease([{ address, inside: [status(2)] }, { address: 'fd00::2' }]), ['fd00::2', 50, 80, 200])
})

test('another IA is not looked at', () => {
  assert.equal(fault(ia([{ address }], { iaid: 8 })), ['without an address', false])
  assert.equal(fault(), ['without an address', false])
})

test('a refusal says with which words, and whether the lease is over', () => {
  assert.equal(fault(status(2, 'full')), ['with NoAddrsAvail (full)', false])
  assert.equal(fault(ia([], { inside: [status(3)] })), ['with NoBinding', true])
  assert.equal(fault(status(4)), ['with NotOnLink', true])
  assert.equal(fault(ia([{ address, preferred: 0, valid: 0 }])), [`that takes back ${address}`, true])
  assert.equal(fault(ia([{ address: 'ff02::1' }])), ['of ff02::1, which an interface cannot have', false])
})

test.run()
