/** Tests that walk the product itself: no rule is broken within the bounds. */

import * as assert from 'uvu/assert'
import { test } from '../../harness/test.ts'
import { loadClaims } from './load.ts'
import { walk } from './walk.ts'
import type { Bounds } from './world.ts'

const claims = await loadClaims()

/** One test for each row: what it covers, and its bounds. The number of walked states is printed. */
export function testWalks(rows: Record<string, Bounds>): void {
  for (const [name, bounds] of Object.entries(rows))
    test(name, () => {
      const { worlds, events, broken } = walk(claims, bounds)
      console.log(`${name}: ${worlds.toLocaleString('en')} states, ${events.toLocaleString('en')} steps`)
      assert.not.ok(broken, [broken?.rule, ...(broken?.story ?? [])].join('\n'))
    })
}
