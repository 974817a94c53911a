/** Reading attributes: any bytes end, and what is well formed is read as npm's package reads it. */

import fc from 'fast-check'
import { AttrStream, parseAttributes } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { attributeIn, attributesIn, valuesIn } from '../../../shared/netlink/attributes.ts'
import { test } from '../../harness/test.ts'

/** The values of a message by npm's package, in its order. */
function theirs(message: Buffer): { type: number; data: Buffer }[] {
  const found: { type: number; data: Buffer }[] = []
  parseAttributes(message, ({ type, data }) => found.push({ type, data }))
  return found
}

const attribute = fc.record({ type: fc.integer({ min: 1, max: 60 }), data: fc.uint8Array({ maxLength: 40 }) })

/** A message, whose last attribute the kernel may leave without padding. */
const messages = fc.array(attribute).map((attributes) => {
  const stream = new AttrStream()
  for (const { type, data } of attributes) stream.push(type, Buffer.from(data))
  return Buffer.concat(stream.bufs)
})

test('property: of several attributes of a type attributesIn gives the last, attributeIn the first', () => {
  const check = (message: Buffer) => {
    const expected = theirs(message)
    const found = attributesIn(message)
    for (const { type } of expected) {
      assert.equal(found(type), expected.findLast((one) => one.type === type)?.data)
      assert.equal(attributeIn(message, type), expected.find((one) => one.type === type)?.data)
    }
    assert.is(found(61), undefined)
    assert.is(attributeIn(message, 61), undefined)
  }
  fc.assert(fc.property(messages, check))
})

test('property: the values of a list are all there, in their order', () => {
  fc.assert(
    fc.property(messages, (list) =>
      assert.equal(
        valuesIn(list),
        theirs(list).map(({ data }) => data),
      ),
    ),
  )
})

test('property: any bytes are read to their end, and no value reaches beyond them', () => {
  const check = (bytes: Uint8Array, offset: number) => {
    const message = Buffer.from(bytes)
    const found = attributesIn(message, offset)
    for (let type = 0; type < 64; type++) {
      assert.is(found(type) === undefined, attributeIn(message, type, offset) === undefined)
      assert.ok((found(type)?.length ?? 0) <= message.length)
    }
    valuesIn(message)
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(20), check))
})

test('the flags for nesting and byte order are no part of the type', () => {
  const message = Buffer.from([5, 0, 3, 0xc0, 7, 0, 0, 0])
  assert.equal(attributeIn(message, 3), Buffer.from([7]))
  assert.equal(attributesIn(message)(3), Buffer.from([7]))
})

test.run()
