/** Tests of bugs that are put in by hand: a walk finds each, and tells how it comes about. */

import * as assert from 'uvu/assert'
import { test } from '../harness/test.ts'
import type { Walked } from './explore.ts'
import type { Edit } from './load.ts'

export interface Bug<Bounds> {
  edits: readonly Edit[]
  bounds: Bounds
  /** What is wrong at the end of the story. */
  rule: RegExp
  /** Lines of the story, in this order. */
  story: readonly RegExp[]
}

/** One test for each bug. @param walk walks a copy of the product with the bug */
export function testBugs<Bounds>(
  bugs: Record<string, Bug<Bounds>>,
  walk: (edits: readonly Edit[], bounds: Bounds) => Promise<Walked>,
): void {
  for (const [name, { edits, bounds, rule, story }] of Object.entries(bugs))
    test(`found: ${name}`, async () => {
      const { broken } = await walk(edits, bounds)
      assert.ok(broken, 'no rule is broken')
      console.log(`\n${name}: ${broken.rule}\n  ${broken.story.join('\n  ')}`)
      assert.match(broken.rule, rule)
      let at = 0
      for (const line of story) {
        const found = broken.story.findIndex((told, index) => index >= at && line.test(told))
        assert.ok(found >= 0, `the story has no ${line} after line ${at}`)
        at = found + 1
      }
    })
}
