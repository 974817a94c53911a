/** Messages and options of DHCPv4 as bytes. */

import * as assert from 'uvu/assert'
import { encodeMessage, type Message4, parseMessage } from '../../../shared/dhcp/v4/message.ts'
import { encodeOptions, parseOptions } from '../../../shared/dhcp/v4/option-bytes.ts'
import { optionCode, optionOf, options } from '../../../shared/dhcp/v4/options.ts'
import { test } from '../../harness/test.ts'
import { address, addresses, clientMac, optionsOf } from './messages.ts'

const offer: Message4 = {
  op: 2,
  xid: 0x12345678,
  secs: 3,
  broadcast: true,
  ciaddr: address('0.0.0.0'),
  yiaddr: address('10.0.0.9'),
  siaddr: address('10.0.0.1'),
  giaddr: address('10.0.0.2'),
  mac: clientMac,
  options: optionsOf({
    'dhcp-message-type': Buffer.from([2]),
    'dhcp-server-identifier': addresses('10.0.0.1'),
  }),
}

/** The offer's bytes, written from the figures of RFC 2131 section 2 and RFC 2132 section 9. */
const header = '02010600 12345678 00038000 00000000 0a000009 0a000001 0a000002 02005e100001'
const cookieAndOptions = '63825363 350102 36040a000001 ff'
const bytes = Buffer.concat([
  Buffer.from(header.replaceAll(' ', ''), 'hex'),
  Buffer.alloc(10 + 64 + 128),
  Buffer.from(cookieAndOptions.replaceAll(' ', ''), 'hex'),
  Buffer.alloc(50),
])

/** A message with other bytes at a place. */
function patched(at: number, ...values: number[]): Buffer {
  const copy = Buffer.from(bytes)
  copy.set(values, at)
  return copy
}

test('a message has the bytes of RFC 2131, and is at least 300 long', () => {
  assert.is(bytes.length, 300)
  assert.is(encodeMessage(offer).toString('hex'), bytes.toString('hex'))
})

test('a message is read as it was written', () => {
  assert.equal(parseMessage(bytes), offer)
})

test('what is no message is not read: cut off, no cookie, another hardware, another op', () => {
  assert.is(parseMessage(bytes.subarray(0, 239)), undefined)
  assert.ok(parseMessage(bytes.subarray(0, 240)), 'a header alone is a message')
  assert.is(parseMessage(patched(236, 0)), undefined)
  assert.is(parseMessage(patched(1, 6)), undefined)
  assert.is(parseMessage(patched(2, 16)), undefined)
  assert.is(parseMessage(patched(0, 3)), undefined)
})

test('an option that is cut off makes the message none; a missing end does not', () => {
  assert.is(parseMessage(bytes.subarray(0, 242)), undefined)
  assert.is(parseMessage(bytes.subarray(0, 248)), undefined)
  assert.ok(parseMessage(bytes.subarray(0, 249)))
  assert.is(parseOptions([Buffer.from([12])]), undefined)
})

test('what is behind the end is not read, and pads between options are passed over', () => {
  const field = Buffer.from('0000' + '0c0161' + '00' + '0f0162' + 'ff' + '1a020500', 'hex')
  assert.equal(
    [...(parseOptions([field]) ?? [])],
    [
      [12, Buffer.from('a')],
      [15, Buffer.from('b')],
    ],
  )
})

test('file and sname have options where option 52 says so, in that order', () => {
  const field = (hex: string) => [...Buffer.from(hex, 'hex')]
  const overloaded = (how: number) => {
    const copy = patched(240, ...field('350102'), ...field(`34010${how}`), ...field('0c0161ff'))
    copy.set(field('0c0173ff'), 44)
    copy.set(field('0c0166ff'), 108)
    return parseMessage(copy)?.options.get(12)?.toString()
  }
  assert.equal([0, 1, 2, 3, 4, 5].map(overloaded), ['a', 'af', 'as', 'afs', 'a', 'a'])
})

test('an overload of two bytes, or within an overloaded field, counts nothing', () => {
  const copy = patched(240, 0x34, 2, 1, 1, 0xff)
  copy.set([12, 1, 0x66, 255], 108)
  assert.is(parseMessage(copy)?.options.get(12), undefined)
  const inner = patched(240, 0x34, 1, 1, 0xff)
  inner.set([0x34, 1, 3, 255], 108)
  inner.set([12, 1, 0x73, 255], 44)
  assert.is(parseMessage(inner)?.options.get(12), undefined)
})

test('a value of more than 255 bytes is split and put together (RFC 3396)', () => {
  const long = Buffer.alloc(600, 7)
  const encoded = encodeOptions(new Map([[119, long]]))
  assert.equal([encoded[1], encoded[258], encoded[515]], [255, 255, 90])
  assert.equal(parseOptions([encoded])?.get(119), long)
})

test('an empty value is an option', () => {
  assert.is(encodeOptions(new Map([[80, Buffer.alloc(0)]])).toString('hex'), '5000ff')
})

test('a value of a length that its kind cannot have is as if it were not there', () => {
  const at = (name: (typeof options)[number]['name'], length: number) =>
    optionOf(optionsOf({ [name]: Buffer.alloc(length) }), name) !== undefined
  const lengths = [0, 1, 2, 3, 4, 5, 8, 12, 16]
  const allowed = (name: Parameters<typeof at>[0]) => lengths.filter((length) => at(name, length))
  assert.equal(allowed('subnet-mask'), [4])
  assert.equal(allowed('routers'), [4, 8, 12, 16])
  assert.equal(allowed('static-routes'), [8, 16])
  assert.equal(allowed('dhcp-message-type'), [1])
  assert.equal(allowed('interface-mtu'), [2])
  assert.equal(allowed('dhcp-lease-time'), [4])
  assert.equal(allowed('rapid-commit'), [0])
  assert.equal(allowed('host-name'), lengths.slice(1))
  assert.equal(allowed('domain-search'), lengths.slice(1))
})

test('an option is named as the reference names it, or by its number', () => {
  const names = [
    'dhcp-client-identifier',
    'subnet-mask',
    'routers',
    'host-name',
    'user-class',
    'vendor-class-identifier',
  ]
  assert.equal(names.map(optionCode), [61, 1, 3, 12, 77, 60])
  assert.equal(['1', '121', '254'].map(optionCode), [1, 121, 254])
  for (const text of ['0', '255', '256', '1000', '-1', '1.5', '01', '0x1', '', ' 1', 'router', 'constructor'])
    assert.is(optionCode(text), undefined, text)
})

test('no two options have the same code or name, and all are in the order of their codes', () => {
  const codes = options.map(({ code }) => code)
  assert.equal(
    codes,
    [...new Set<number>(codes)].sort((one, other) => one - other),
  )
  assert.is(new Set(options.map(({ name }) => name)).size, options.length)
})

test.run()
