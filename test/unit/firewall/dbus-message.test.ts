/** D-Bus messages: the bytes of the specification, and answers of either byte order. */

import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { decodeAnswer, encodeCall, messageLength } from '../../../shared/firewall/dbus-message.ts'
import { test } from '../../harness/test.ts'

const hello = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
  member: 'Hello',
  arguments: [],
}

test('a call has the bytes that dbus-daemon reads', () => {
  const bytes = encodeCall(hello, 1)
  assert.is(bytes.subarray(0, 16).toString('hex'), '6c01000100000000010000006d000000')
  assert.is(bytes.length, 128)
  assert.is(bytes.subarray(16, 24).toString('hex'), '01016f0015000000')
  assert.is(messageLength(bytes), bytes.length)
})

test('the length of a message is known from its first 16 bytes, and not before', () => {
  const text = fc.string({ maxLength: 40 }).filter((one) => !one.includes('\0'))
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 }), fc.nat({ max: 15 }), (words, cut) => {
      const bytes = encodeCall({ ...hello, arguments: words }, 7)
      assert.is(messageLength(bytes), bytes.length)
      assert.is(messageLength(bytes.subarray(0, 16)), bytes.length)
      assert.is(messageLength(bytes.subarray(0, cut)), undefined)
    }),
  )
})

/** An answer as a bus writes it. */
function answer(order: 'l' | 'B', type: 2 | 3, fields: Buffer, body: Buffer): Buffer {
  const isLittle = order === 'l'
  const header = Buffer.alloc(16)
  header.set([order.charCodeAt(0), type, 1, 1])
  const numbers = [body.length, 9, fields.length]
  for (const [index, number] of numbers.entries())
    if (isLittle) header.writeUInt32LE(number, 4 + 4 * index)
    else header.writeUInt32BE(number, 4 + 4 * index)
  return Buffer.concat([header, fields, Buffer.alloc(-fields.length & 7), body])
}

const u32 = (order: 'l' | 'B', value: number) => {
  const bytes = Buffer.alloc(4)
  if (order === 'l') bytes.writeUInt32LE(value)
  else bytes.writeUInt32BE(value)
  return bytes
}

for (const order of ['l', 'B'] as const) {
  const replyTo = (serial: number) => Buffer.concat([Buffer.from([5, 1, 0x75, 0]), u32(order, serial)])
  const signature = (type: string) =>
    Buffer.concat([Buffer.from([8, 1, 0x67, 0, 1]), Buffer.from(`${type}\0`), Buffer.alloc(1)])

  test(`byte order ${order}: a boolean is read`, () => {
    const fields = Buffer.concat([replyTo(3), signature('b')])
    assert.equal(decodeAnswer(answer(order, 2, fields, u32(order, 1))), { to: 3, value: true })
    assert.equal(decodeAnswer(answer(order, 2, fields, u32(order, 0))), { to: 3, value: false })
  })

  test(`byte order ${order}: an error has its name and its text`, () => {
    const name = Buffer.concat([Buffer.from([4, 1, 0x73, 0]), u32(order, 3), Buffer.from('x.y\0')])
    const fields = Buffer.concat([name, Buffer.alloc(-name.length & 7), replyTo(4), signature('s')])
    const body = Buffer.concat([u32(order, 4), Buffer.from('text\0')])
    assert.equal(decodeAnswer(answer(order, 3, fields, body)), { to: 4, error: 'x.y', value: 'text' })
  })

  test(`byte order ${order}: an answer without arguments has no value`, () => {
    assert.equal(decodeAnswer(answer(order, 2, replyTo(5), Buffer.alloc(0))), { to: 5, value: undefined })
  })
}

test('a signal is no answer', () => {
  const bytes = encodeCall(hello, 1)
  bytes[1] = 4
  assert.is(decodeAnswer(bytes), undefined)
})

test('any bytes are read without an endless loop', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), (bytes) => {
      const message = Buffer.from(bytes)
      message[1] = 2
      try {
        decodeAnswer(message)
      } catch (error) {
        assert.ok(error instanceof RangeError)
      }
    }),
  )
})

test.run()
