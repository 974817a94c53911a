/** The archive of modules with those of the operator deflated. */

import { inflateRawSync } from 'node:zlib'
import * as assert from 'uvu/assert'
import { deflated } from '../../../scripts/build/deflate.ts'
import { test } from '../../harness/test.ts'

function entry(name: string, code: Buffer): Buffer {
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32LE(code.length, 0)
  sizes.writeUInt32LE(code.length, 4)
  return Buffer.concat([Buffer.from(`${name}\0`), sizes, code])
}

test('the named modules are deflated, the others and the end of the archive stay', () => {
  const [plain, long] = [Buffer.from([0, 1, 2]), Buffer.alloc(5000, 'module ')]
  const packed = deflated(
    Buffer.concat([entry('a.js', plain), entry('b.js', long), Buffer.from([0])]),
    new Set(['b.js']),
  )
  const first = entry('a.js', plain)
  assert.ok(packed.subarray(0, first.length).equals(first))
  const second = packed.subarray(first.length)
  assert.is(second.toString('utf8', 0, 5), 'b.js\0')
  const size = second.readUInt32LE(5)
  assert.is(second.readUInt32LE(9), 5000)
  assert.ok(size < 200)
  assert.ok(inflateRawSync(second.subarray(13, 13 + size)).equals(long))
  assert.equal([...second.subarray(13 + size)], [0])
})

test.run()
