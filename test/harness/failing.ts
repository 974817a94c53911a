/** Lets one system call of ADD fail after the other, and tells what harm that did. */

import { setTimeout } from 'node:timers/promises'
import { type Fault, faultsOf, withFault } from './faults.ts'
import { type Answer, type Call, call } from './plugin.ts'
import { difference, type Snapshot } from './snapshot.ts'

/** Where ADD is tried. */
export interface Place {
  /** All that must be as before when ADD failed. */
  look(): Snapshot
  /** More than DEL that makes it as before when ADD succeeded. */
  tidy?(): void | Promise<void>
  /** Just these calls fail, where the others would take too long. */
  only?: readonly string[]
}

/** ADD with each of its calls failing in turn. @returns a line for each thing that was left or lost; nothing is well */
export async function harmOfFailures(request: Call, place: Place): Promise<string[]> {
  const all = await faultsOf(request)
  const faults = all.filter(({ syscall }) => place.only?.includes(syscall) ?? true)
  if (all.length <= 20) throw new Error(`only ${all.length} calls were seen`)
  await takeDown(request, place)
  const harm: string[] = []
  for (let [index, before] = [0, place.look()]; index < faults.length; index++) {
    const { story, found, after } = await suffer(request, faults[index] as Fault, before, place)
    harm.push(...found.map((line) => `${story}: ${line}`))
    before = found.length > 0 ? await cleaned(request, place) : after
  }
  return harm
}

async function takeDown(request: Call, { tidy }: Place): Promise<void> {
  await call({ ...request, verb: 'DEL' })
  await tidy?.()
}

/** Lets one call fail, and says what it did that it should not have done. */
async function suffer(request: Call, fault: Fault, before: Snapshot, place: Place) {
  const answer = await withFault(request, fault)
  if (answer.status === 0 || cannotAnswer(answer)) await takeDown(request, place)
  const after = await settled(before, place)
  const found = difference(before, after).slice(0, 5)
  if (!isAnswer(answer)) found.push('no answer')
  const story = `${fault.syscall} number ${fault.nth} (${answer.status}, ${answer.json?.msg ?? answer.stderr})`
  return { story, found, after }
}

/** The kernel adds the routes of a link that came up a moment later, the later the busier the machine is. */
const SETTLE_MILLISECONDS = 2000

async function settled(before: Snapshot, place: Place): Promise<Snapshot> {
  const end = Date.now() + SETTLE_MILLISECONDS
  for (;;) {
    const now = place.look()
    if (difference(before, now).length === 0 || Date.now() > end) return now
    await setTimeout(100)
  }
}

/** After harm was done: a clean start for the next fault. */
async function cleaned(request: Call, place: Place): Promise<Snapshot> {
  await takeDown(request, place)
  return place.look()
}

/** With standard output broken, the attachment stands and the runtime, left without an answer, sends DEL. */
function cannotAnswer({ json, stderr }: Answer): boolean {
  return json === undefined && stderr.includes('write stdout: EIO')
}

/** An answer is a result, or the specification's error with a message. Nothing in between. */
function isAnswer(answer: Answer): boolean {
  const { status, json } = answer
  if (cannotAnswer(answer)) return true
  return status === 0 ? json?.cniVersion !== undefined : typeof json?.code === 'number' && json?.msg !== ''
}
