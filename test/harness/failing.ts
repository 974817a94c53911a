/** Makes each system call of ADD fail in turn, and reports the damage. */

import { lasting } from './expect.ts'
import * as engine from './faults.ts'
import { type Answer, type Call, call } from './plugin.ts'
import type { Snapshot } from './snapshot.ts'

/** The ADD under test, and its host. */
export interface Place {
  /** The state that must be unchanged after a failed ADD. */
  look(): Snapshot
  /** Further steps after DEL that restore the state when ADD succeeded. */
  tidy?(): void | Promise<void>
  /** How calls are made to fail; without it, by the engine of tests. */
  by?: Pick<typeof engine, 'faultsOf' | 'withFault'>
  /** Only these calls fail, because all would take too long. */
  only?: readonly string[]
}

/** ADD with each of its calls failing in turn. @returns a line for each thing that was left or lost; empty when there is none */
export async function harmOfFailures(request: Call, place: Place): Promise<string[]> {
  const { by = engine } = place
  const all = await by.faultsOf(request)
  const faults = all.filter(({ syscall }) => place.only?.includes(syscall) ?? true)
  if (all.length <= 20) throw new Error(`only ${all.length} calls were seen`)
  await takeDown(request, place)
  const harm: string[] = []
  let before = place.look()
  for (const fault of faults) {
    const { story, found } = await failOnce(request, fault, before, place)
    harm.push(...found.map((line) => `${story}: ${line}`))
    if (found.length > 0) before = await cleaned(request, place)
  }
  return harm
}

async function takeDown(request: Call, { tidy }: Place): Promise<void> {
  await call({ ...request, verb: 'DEL' })
  await tidy?.()
}

/** Makes one call fail. @returns what was left or lost */
async function failOnce(request: Call, fault: engine.Fault, before: Snapshot, place: Place) {
  const { by = engine } = place
  const answer = await by.withFault(request, fault)
  if (answer.status === 0 || cannotAnswer(answer)) await takeDown(request, place)
  const found = lasting(before, place.look).slice(0, 5)
  if (!isAnswer(answer)) found.push('no answer')
  const story = `${fault.syscall} number ${fault.nth} (${answer.status}, ${answer.json?.msg ?? answer.stderr})`
  return { story, found }
}

/** Restores the state for the next fault. */
async function cleaned(request: Call, place: Place): Promise<Snapshot> {
  await takeDown(request, place)
  return place.look()
}

/** With a broken standard output, the attachment exists and the runtime, without an answer, calls DEL. */
function cannotAnswer({ json, stderr }: Answer): boolean {
  return json === undefined && stderr.includes('write stdout: EIO')
}

/** Whether an answer is a result, or an error of the specification with a message. */
function isAnswer(answer: Answer): boolean {
  const { status, json } = answer
  if (cannotAnswer(answer)) return true
  return status === 0 ? json?.cniVersion !== undefined : typeof json?.code === 'number' && json?.msg !== ''
}
