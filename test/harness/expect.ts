/** What tests expect, beyond uvu's assertions. */

import * as assert from 'uvu/assert'
import { difference, filesIn, type Snapshot, snapshot } from './snapshot.ts'

/** What a promise is rejected with, as text; a promise that is kept fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as { stderr?: string }).stderr || String(error)
  }
  throw new Error('it was accepted')
}

/** Asserts that the host is as it was. */
export function unchanged(before: Snapshot, now: Snapshot = snapshot()): void {
  assert.equal(difference(before, now), [])
}

/** Asserts that what host-local and the plugins remember is as it was. */
export function unchangedFiles(before: Snapshot): void {
  assert.equal(filesIn(snapshot()), filesIn(before))
}
