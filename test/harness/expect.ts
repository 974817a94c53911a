/** Assertions of this project, besides uvu's. */

import * as assert from 'uvu/assert'
import { difference, filesIn, type Snapshot, snapshot } from './snapshot.ts'

/** The reason of a rejected promise, as text; a fulfilled promise fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as { stderr?: string }).stderr || String(error)
  }
  throw new Error('it was accepted')
}

/** Asserts that the host is unchanged. */
export function unchanged(before: Snapshot, now: Snapshot = snapshot()): void {
  assert.equal(difference(before, now), [])
}

/** Asserts that the records of host-local and the plugins are unchanged. */
export function unchangedFiles(before: Snapshot): void {
  assert.equal(filesIn(snapshot()), filesIn(before))
}
