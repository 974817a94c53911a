/** The built executables stand a search from a fixed seed: `npm run fuzz` searches on, from other seeds. */

import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { search } from './search.ts'

await privateHost()

test('cases from a fixed seed find nothing that is not known', async () => {
  const { found, played } = await search({ seed: 1, batches: 24, until: Date.now() + 60_000 })
  for (const { kind, text, input } of found) console.log(`${kind}: ${text}\n${JSON.stringify(input)}`)
  assert.equal(found, [])
  assert.ok(played > 50, `only ${played} cases were played`)
})

test.run()
