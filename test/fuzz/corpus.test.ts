/** No finding of the corpus comes back; those that are known are still there. */

import * as assert from 'uvu/assert'
import { privateHost } from '../harness/host.ts'
import { test } from '../harness/test.ts'
import { corpus } from './corpus.ts'
import { known, knownAs } from './known.ts'
import type { Case } from './play/case.ts'
import { usualPlace } from './play/outcome.ts'
import { newWorld, type World } from './play/world.ts'

await privateHost()

/** With the kernel's own answers, and with changed ones. */
const worlds = [false, true].map((inProcess) => newWorld({ ...usualPlace(), inProcess }))
const worldOf = ({ lies }: Case) => worlds[lies ? 1 : 0] as World

for (const [file, found] of corpus()) {
  const expected = knownAs(found)
  const title = expected ? `still known, ${expected.issue}` : 'mended'
  test(`${file}: ${title}`, async () => {
    const findings = (await worldOf(found.input).play(found.input)).map((finding) => ({
      ...finding,
      input: found.input,
    }))
    const other = findings.filter((finding) => !knownAs(finding))
    assert.equal(other, [])
    if (expected)
      assert.ok(
        findings.some((finding) => knownAs(finding) === expected),
        'it is mended: take it out of known.ts',
      )
  })
}

test('each known finding has a file in the corpus', () => {
  const shown = new Set([...corpus().values()].map(knownAs))
  assert.equal(
    known.filter((one) => !shown.has(one)),
    [],
  )
})

test.after(() => {
  for (const world of worlds) world.end()
})

test.run()
