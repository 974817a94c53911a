import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { formatAddress, fromBytes, parseAddress, toBytes } from '../../../shared/ip/address.ts'
import { test } from '../../harness/test.ts'

const anyAddress = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => ({ family: 4 as const, value })),
  fc.bigInt({ min: 2n ** 48n, max: 2n ** 128n - 1n }).map((value) => ({ family: 6 as const, value })),
)

test('every address is formatted and parsed back to the same', () => {
  fc.assert(fc.property(anyAddress, (address) => assert.equal(parseAddress(formatAddress(address)), address)))
})

test('every address is the same after its way to the kernel’s bytes and back', () => {
  fc.assert(fc.property(anyAddress, (address) => assert.equal(fromBytes(toBytes(address)), address)))
})

test('IPv6 is written as in RFC 5952', () => {
  const canonical: Record<string, string> = {
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '0:0:0:0:0:0:0:0': '::',
    '1:0:0:0:0:0:0:0': '1::',
    '64:ff9b::1.2.3.4': '64:ff9b::102:304',
  }
  for (const [text, expected] of Object.entries(canonical)) {
    const address = parseAddress(text)
    assert.ok(address)
    assert.is(formatAddress(address), expected)
  }
})

test('an IPv4-mapped address is the IPv4 address', () => {
  assert.equal(parseAddress('::ffff:10.1.2.3'), parseAddress('10.1.2.3'))
})

test('text that is no address is refused', () => {
  const wrong = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.-4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '12345::',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7::8:9',
    '::1.2.3',
  ]
  for (const text of wrong) assert.is(parseAddress(text), undefined, text)
})

test.run()
