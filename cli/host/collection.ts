/** What the last `patchbay gc` did: below /run, for metrics. */

import { isObject, jsonIn } from '../../shared/config/json.ts'
import { wallClock } from '../../shared/kernel/clock.ts'
import { makeDirectory } from '../../shared/kernel/files.ts'
import { readOwnIfAny } from '../../shared/kernel/regular.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'
import { writeRecord } from '../../shared/state/records.ts'
import { type Outcome, outcomes } from './collect.ts'

const file = `${stateDirectory}/gc.json`

export interface Collection {
  /** Seconds since the epoch. */
  time: number
  outcomes: Partial<Record<Outcome, number>>
}

/** Notes a run that has ended. A failure to do so is none of gc. */
export function noteCollection(found: readonly Outcome[]): void {
  const counts = outcomes.map((outcome) => [outcome, found.filter((one) => one === outcome).length])
  const collection = { time: Number(wallClock() / 1_000_000_000n), outcomes: Object.fromEntries(counts) }
  try {
    makeDirectory(stateDirectory)
    writeRecord(file, JSON.stringify(collection))
  } catch {}
}

/** The last run since the boot; undefined when there was none, or its note is damaged. @throws KernelError */
export function lastCollection(): Collection | undefined {
  const raw = jsonIn(readOwnIfAny(file)?.toString())
  if (!isObject(raw) || typeof raw.time !== 'number' || !isObject(raw.outcomes)) return undefined
  const counts = outcomes.map((outcome) => [outcome, Number(Object(raw.outcomes)[outcome]) || 0])
  return { time: raw.time, outcomes: Object.fromEntries(counts) }
}
