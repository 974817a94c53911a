/** macsec in trouble: calls that fail, a kill, namespaces that are gone. */
// needs: link macsec

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { layCable, wholeMacsec, writeKeys } from '../harness/macsec.ts'
import { testTrouble } from '../harness/trouble.ts'

await privateHost()
writeKeys()
layCable()

testTrouble('macsec', {
  ...wholeMacsec,
  expect: ({ linkinfo }) => assert.is(linkinfo?.info_kind, 'macsec'),
  breaks: {},
  // The identifier of a second one would be the same.
  atOnce: 1,
})

test('nothing of it is left on the parent', () => {
  assert.is(link('nic0').promiscuity, 0)
})

test.run()
