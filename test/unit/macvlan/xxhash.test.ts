import * as assert from 'uvu/assert'
import { xxh64 } from '../../../plugins/macvlan/macvtap/xxhash.ts'
import { test } from '../../harness/test.ts'

test('XXH64 of a few bytes, and of more than a stripe', () => {
  for (const [text, hash] of [
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
    ['dataplane-of-the-storage-networkMvp0', '6131d7588830a108'],
  ] as const)
    assert.is(xxh64(Buffer.from(text)).toString(16), hash, text)
})

test.run()
