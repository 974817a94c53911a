/** A changed time of day means nothing to leases: by construction, since no code of theirs asks for it. */

import { globSync, readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { test } from '../../../harness/test.ts'

test('no code of the renewer, of the exchanges and of the journal reads the time of day', () => {
  const files = ['cli/dhcp', 'shared/dhcp', 'shared/ipam/dhcp'].flatMap((folder) =>
    globSync(`${folder}/**/*.ts`),
  )
  assert.ok(files.length > 40)
  const reads = files.filter((file) => /\b(Date|wallClock|fileClock)\b/.test(readFileSync(file, 'utf8')))
  assert.equal(reads, [])
})

test.run()
