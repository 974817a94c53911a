import * as assert from 'uvu/assert'
import { xxh64 } from '../../../plugins/macvlan/macvtap/xxhash.ts'
import { hashes } from '../../build/engine/hashes.ts'
import { test } from '../../harness/test.ts'

test('XXH64 of a few bytes, and of whole stripes', () => {
  for (const [text, hash] of Object.entries(hashes))
    assert.is(xxh64(Buffer.from(text)).toString(16).padStart(16, '0'), hash, text)
})

test.run()
