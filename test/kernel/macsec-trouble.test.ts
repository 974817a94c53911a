/** macsec: failing calls, a kill, deleted namespaces. */
// needs: link macsec

import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { layCable, wholeMacsec, writeKeys } from '../harness/macsec.ts'
import { test } from '../harness/test.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()
writeKeys()
layCable()

testTrouble('macsec', {
  ...wholeMacsec,
  // A second container would have the same identifier.
  atOnce: 1,
})

test('nothing is left on the parent', () => {
  assert.is(link('nic0').promiscuity, 0)
})

test.run()
