import * as assert from 'uvu/assert'
import { formatAddress, parseAddress } from '../../../shared/ip/address.ts'
import {
  type Cidr,
  contains,
  formatCidr,
  lastOf,
  networkOf,
  parseCidr,
  subnetOf,
} from '../../../shared/ip/subnet.ts'
import { test } from '../../harness/test.ts'

function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  assert.ok(parsed, text)
  return parsed
}

test('a subnet has a first and a last address', () => {
  const bounds = {
    '10.1.2.3/24': ['10.1.2.0', '10.1.2.255'],
    '10.1.2.3/32': ['10.1.2.3', '10.1.2.3'],
    'fd00::5/126': ['fd00::4', 'fd00::7'],
    '1.2.3.4/0': ['0.0.0.0', '255.255.255.255'],
  }
  for (const [text, [first, last]] of Object.entries(bounds)) {
    assert.is(formatAddress(networkOf(cidr(text))), first)
    assert.is(formatAddress(lastOf(cidr(text))), last)
  }
})

test('a subnet contains its own addresses and no others, whatever its host bits', () => {
  const inside = (subnet: string, address: string) =>
    contains(cidr(subnet), parseAddress(address) ?? (assert.unreachable() as never))
  assert.ok(inside('10.1.2.77/24', '10.1.2.255'))
  assert.not(inside('10.1.2.0/24', '10.1.3.0'))
  assert.not(inside('0.0.0.0/0', '::'))
  assert.ok(inside('fd00::/64', 'fd00::ffff:0:0:1'))
})

test('a CIDR is written as it was read, its subnet without host bits', () => {
  assert.is(formatCidr(cidr('10.1.2.3/24')), '10.1.2.3/24')
  assert.is(formatCidr(subnetOf(cidr('fd00::5/64'))), 'fd00::/64')
})

test('text that is no CIDR is refused', () => {
  for (const text of [
    '10.0.0.1',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/8/8',
    'fd00::/129',
    '/8',
    '10.0.0.1/',
    '10.0.0.1/ 8',
  ]) {
    assert.is(parseCidr(text), undefined, text)
  }
})

test.run()
