/** A datagram of requests has the form that the netlink package gives it. */

import fc from 'fast-check'
import { AttrStream, type StreamData } from 'netlink/dist/structs.js'
import * as assert from 'uvu/assert'
import { Datagram } from '../../../shared/netlink/datagram.ts'
import { test } from '../../harness/test.ts'

const { data } = fc.letrec<{ data: StreamData }>((tie) => ({
  data: fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.array(fc.uint8Array({ maxLength: 9 })),
    fc.array(fc.tuple(fc.nat(0xffff), tie('data')), { maxLength: 4 }).map(attributes),
  ),
}))

function attributes(list: [number, StreamData][]): StreamData {
  return (out) => {
    for (const [type, value] of list) out.push(type, value)
  }
}

test('a datagram has the bytes that the stream of the netlink package has', () => {
  fc.assert(
    fc.property(fc.array(data), (parts) => {
      const [ours, theirs] = [new Datagram(), new AttrStream()]
      for (const stream of [ours, theirs]) for (const part of parts) stream.push(1, part)
      assert.equal(ours.bytes(), Buffer.concat(theirs.bufs))
    }),
  )
})

test('an attribute has at most 65,535 bytes', () => {
  new Datagram().push(1, Buffer.alloc(65_531))
  assert.throws(() => new Datagram().push(1, Buffer.alloc(65_532)), /EMSGSIZE.*65536 bytes/)
})

test.run()
