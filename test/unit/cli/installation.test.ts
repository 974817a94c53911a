/** The paths that `patchbay install` computes. */

import * as assert from 'uvu/assert'
import { relativePath } from '../../../cli/installation/places.ts'
import { beside } from '../../../cli/installation/source.ts'
import { test } from '../../harness/test.ts'

test('the relative path from one directory to a file', () => {
  assert.is(
    relativePath('/usr/local/libexec/netavark', '/opt/cni/bin/patchbay'),
    '../../../../opt/cni/bin/patchbay',
  )
  assert.is(relativePath('/opt/cni', '/opt/cni/bin/patchbay'), 'bin/patchbay')
  assert.is(relativePath('/', '/bin/patchbay'), 'bin/patchbay')
})

test("the other engine's executable is in the directory that differs in the engine's name", () => {
  assert.is(beside('/d/node/patchbay', 'quickjs'), '/d/quickjs/patchbay')
  assert.is(
    beside('/d/patchbay-1-linux-x64-node/bin/patchbay', 'quickjs'),
    '/d/patchbay-1-linux-x64-quickjs/bin/patchbay',
  )
  assert.is(beside('/usr/lib/patchbay/patchbay', 'quickjs'), undefined)
})

test.run()
