/** Stops a call of a plugin before each of its system calls, lets another call run meanwhile, and reports the damage. */

import { existsSync, globSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { lasting, steady } from './expect.ts'
import { type ChangingCall, type Fault, faultsOf, pausedAt } from './faults.ts'
import { type Answer, type Call, callAlone, started } from './plugin.ts'
import type { Snapshot } from './snapshot.ts'

/** A pair of calls, and the host. */
export interface Pair {
  /** The call that is stopped. */
  paused: Call
  /** The call that runs meanwhile. */
  meanwhile: Call
  /** Calls that are made before each trial. */
  before?: readonly Call[]
  /** What is wrong with the answers, as a sentence. */
  judge?(paused: Answer, meanwhile: Answer): string | undefined
  /** What must be unchanged after the DELs of both. */
  look(): Snapshot
}

/** How long the second call may take before it counts as one that waits for the first. */
const PATIENCE_MILLISECONDS = 100

/**
 * What others see changes with these; between two of them a pause is always the same pause. A program that a plugin runs is a process of
 * its own: what it changes is seen at the next of these.
 */
const seen: readonly ChangingCall[] = [
  ...(['sendto', 'renameat2', 'linkat', 'symlinkat', 'unlinkat'] as const),
  ...(['mkdirat', 'mknodat', 'flock'] as const),
]

/** @returns a line for each thing that was left, lost or answered wrongly; empty when there is none */
export async function harmOfPauses(pair: Pair): Promise<string[]> {
  const { paused, meanwhile, before = [], look } = pair
  const attachments = [paused, meanwhile].map((call): Call => ({ ...call, verb: 'DEL' }))
  const end = () => attachments.map(callAlone)
  prepare(before)
  const faults = (await faultsOf(paused)).filter(({ syscall }) => seen.includes(syscall))
  end()
  const first = steady(look)
  const harm: string[] = []
  for (const fault of faults) {
    prepare(before)
    const wrong = await trial(pair, fault)
    const stuck = end().filter(({ status }) => status !== 0)
    const found = [
      wrong,
      ...stuck.map(({ json }) => `DEL: ${json?.msg}`),
      ...lasting(first, look).slice(0, 5),
    ]
    harm.push(...found.flatMap((line) => (line ? [`${fault.syscall} number ${fault.nth}: ${line}`] : [])))
  }
  return harm
}

function prepare(calls: readonly Call[]): void {
  for (const { status, json } of calls.map(callAlone)) if (status !== 0) throw new Error(JSON.stringify(json))
}

/** @returns what is wrong with the answers */
async function trial({ paused, meanwhile, judge }: Pair, fault: Fault): Promise<string | undefined> {
  const standing = await pausedAt(paused, fault)
  const drafts = draftsOfRecords()
  const other = started(meanwhile).answer
  await Promise.race([other, wait(PATIENCE_MILLISECONDS)])
  const lost = drafts.filter((file) => !existsSync(file))
  const answer = 'resume' in standing ? await standing.resume() : standing
  const wrong = judge?.(answer, await other)
  return lost.length > 0 ? `${lost} was removed before it had its name` : wrong
}

/** Records that a call has written and not yet renamed. */
function draftsOfRecords(): string[] {
  return globSync('/run/patchbay/**/*.new')
}

/** Both calls succeed. */
export function bothSucceed(...answers: Answer[]): string | undefined {
  const failed = answers.find(({ status }) => status !== 0)
  return failed && JSON.stringify(failed.json ?? failed.stderr)
}

/** The second answer, of a DEL, is success; the first one is, too, or says that it can be tried again. */
export function secondSucceeds(first: Answer, second: Answer): string | undefined {
  const isExplained = first.status === 0 || first.json?.code === 11
  return isExplained && second.status === 0 ? undefined : JSON.stringify([first.json, second.json])
}
