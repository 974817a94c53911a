/** The plugins stand a search from a fixed seed: `npm run fuzz` searches on, from other seeds. */

import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { usualPlace } from './play/outcome.ts'
import { search } from './search.ts'

await privateHost()

/** Nothing new may be found. The time is bounded, also on a busy machine: then fewer cases are played. */
async function findsNothing(inProcess: boolean, batches: number, seconds: number): Promise<void> {
  const place = { ...usualPlace(), inProcess }
  const { found, played } = await search({ seed: 1, batches, until: Date.now() + seconds * 1000, place })
  for (const { kind, text, input } of found) console.log(`${kind}: ${text}\n${JSON.stringify(input)}`)
  assert.equal(found, [])
  assert.ok(played > 0)
  console.log(`${played} cases`)
}

test('inputs from a fixed seed find nothing in the executables that is not known', () =>
  findsNothing(false, 30, 40))

test('changed answers of the kernel are refused, and nothing hangs', () => findsNothing(true, 12, 20))

test.run()
