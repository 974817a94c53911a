/** Assertions of this project, besides uvu's. */

import * as assert from 'uvu/assert'
import type { CniError } from '../../shared/error/error.ts'
import { difference, filesIn, type Snapshot, snapshot } from './snapshot.ts'
import { pause, until } from './until.ts'

/** The reason of a rejected promise, as text; a fulfilled promise fails the test. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as { stderr?: string }).stderr || String(error)
  }
  throw new Error('it was accepted')
}

/** The error of a rejected promise; a fulfilled promise fails the test. */
export async function caught(promise: Promise<unknown>): Promise<CniError> {
  return promise.then(
    () => assert.unreachable('it should have failed') as never,
    (error) => error,
  )
}

/** Asserts that the host is unchanged, or what `look` shows. */
export function unchanged(before: Snapshot, look: () => Snapshot = snapshot): void {
  assert.equal(lasting(before, look), [])
}

/** The kernel finishes some work later: the routes of a new link, the links of a deleted namespace. */
const FINISHED_MILLISECONDS = 30_000
const STEADY_MILLISECONDS = 5000

/** A difference that stays: the host is looked at again until nothing differs, or for half a minute. */
export function lasting(before: Snapshot, look: () => Snapshot = snapshot): string[] {
  const end = performance.now() + FINISHED_MILLISECONDS
  for (let milliseconds = 10; ; milliseconds *= 2) {
    const found = difference(before, look())
    if (found.length === 0 || performance.now() > end) return found
    pause(Math.min(milliseconds, 1000))
  }
}

/** Waits until the kernel has deleted what goes with a namespace, a moment after it: the next test begins with a snapshot. @param goes its lines */
export async function vanished(goes?: (line: string) => boolean): Promise<void> {
  if (goes) await until('the kernel has deleted what goes with the namespace', () => !snapshot().some(goes))
}

/** What `look` shows once nothing has changed for a third of a second, or after five: a state to compare with later. */
export function steady(look: () => Snapshot): Snapshot {
  const end = performance.now() + STEADY_MILLISECONDS
  for (let last = look(); ; ) {
    pause(300)
    const now = look()
    if (difference(last, now).length === 0 || performance.now() > end) return now
    last = now
  }
}

/** Asserts that the records of host-local and the plugins are unchanged. */
export function unchangedFiles(before: Snapshot): void {
  assert.equal(filesIn(snapshot()), filesIn(before))
}
