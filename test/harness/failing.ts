/** Makes each system call of ADD fail in turn, or kills ADD there, and reports the damage. */

import { lasting, steady } from './expect.ts'
import * as engine from './faults.ts'
import { isFullRun } from './full.ts'
import { isGuest } from './guest.ts'
import { helperIsGone } from './helper.ts'
import { type Answer, type Call, callAlone } from './plugin.ts'
import type { Snapshot } from './snapshot.ts'

type Fault = engine.Fault

/** The ADD under test, and its host. */
export interface Place {
  /** The state that must be unchanged after a failed ADD. */
  look(): Snapshot
  /** The state that is compared only once, after all, because it takes longer to read. */
  lookClosely?(): Snapshot
  /** Further steps after DEL that restore the state. */
  tidy?(): void | Promise<void>
  /** After a DEL that failed: what is wrong although the interface is still there. */
  attached?(): string[]
  /** How calls are made to fail; without it, by the engine of tests. */
  by?: Pick<typeof engine, 'faultsOf' | 'withFault'>
}

/** ADD with each of its calls failing in turn. @returns a line for each thing that was left or lost; empty when there is none */
export async function harmOfFailures(request: Call, place: Place): Promise<string[]> {
  return harmOf(await faultsOf(request, place), request, place, failOnce)
}

/** ADD killed before each of its calls, and DEL after it. @returns as `harmOfFailures` */
export async function harmOfKills(request: Call, place: Place): Promise<string[]> {
  return harmOf(await faultsOf(request, place), request, place, killOnce)
}

/** DEL with each of its calls failing in turn, after an ADD; then a DEL without a fault, if the first one failed. @returns as `harmOfFailures` */
export async function harmOfFailuresInDel(request: Call, place: Place): Promise<string[]> {
  const { by = engine } = place
  callAlone(request)
  const faults = await by.faultsOf({ ...request, verb: 'DEL' })
  await place.tidy?.()
  return harmOf(faults.filter(chosen), request, place, failInDel)
}

/** In a guest every call takes several times as long: only those that change the machine fail there. */
const inGuests: readonly string[] = ['sendto', 'linkat', 'mknodat', 'renameat2', 'execve']

/** The calls that fail in turn; with `npm run test:full` all. */
function chosen(fault: Fault, index: number, all: readonly Fault[]): boolean {
  return isFullRun() || (isGuest ? inGuests.includes(fault.syscall) : changesSomething(fault, index, all))
}

/** Whether a fault here may leave another state than one at the call before: between two receives nothing changes. */
export function changesSomething({ syscall }: Fault, index: number, all: readonly Fault[]): boolean {
  return syscall !== 'recvfrom' || all[index - 1]?.syscall !== 'recvfrom'
}

async function faultsOf(request: Call, place: Place): Promise<Fault[]> {
  const { by = engine } = place
  const faults = await engine.alikeTwice(async () => {
    const seen = await by.faultsOf(request)
    await takeDown(request, place)
    return seen
  })
  if (faults.length <= 20) throw new Error(`only ${faults.length} calls were seen`)
  return faults.filter(chosen)
}

/** Makes a fault, and says what became of the ADD and what is wrong with its answer. */
type Trial = (request: Call, fault: Fault, place: Place) => Promise<{ end: string; wrong: string[] }>

async function harmOf(
  faults: readonly Fault[],
  request: Call,
  place: Place,
  trial: Trial,
): Promise<string[]> {
  const harm: string[] = []
  const { look, lookClosely = look } = place
  const first = steady(lookClosely)
  let before = look()
  for (const fault of faults) {
    const { end, wrong } = await trial(request, fault, place)
    const found = [...lasting(before, look).slice(0, 5), ...wrong]
    harm.push(...found.map((line) => `${fault.syscall} number ${fault.nth} (${end}): ${line}`))
    if (found.length > 0) before = await cleaned(request, place)
  }
  return [...harm, ...lasting(first, lookClosely)]
}

const failOnce: Trial = async (request, fault, place) => {
  const { by = engine } = place
  const answer = await by.withFault(request, fault)
  if (answer.status === 0 || cannotAnswer(answer)) await takeDown(request, place)
  const end = `${answer.status}, ${answer.json?.msg ?? answer.stderr}`
  return { end, wrong: isAnswer(answer) ? [] : ['no answer'] }
}

const killOnce: Trial = async (request, fault, place) => {
  let { status, json } = await killed(request, fault, place)
  // An ADD makes some calls only when it has to wait for its port.
  for (let tries = 1; tries < 5 && status === 0; tries++)
    ({ status, json } = await killed(request, fault, place))
  // The process that executes another program is a child.
  const isEnd = status > 1 || fault.syscall === 'execve'
  return { end: 'killed', wrong: isEnd ? [] : [`not killed: ${status}, ${JSON.stringify(json)}`] }
}

async function killed(request: Call, fault: Fault, place: Place) {
  await helperIsGone()
  const answer = await engine.killedAt(request, fault)
  await takeDown(request, place)
  return answer
}

/** A DEL that fails says so, and the next one removes the rest. Until then the addresses of the interface are not given out. */
const failInDel: Trial = async (request, fault, place) => {
  const { by = engine, attached } = place
  callAlone(request)
  const del: Call = { ...request, verb: 'DEL' }
  const answer = await by.withFault(del, fault)
  const end = `${answer.status}, ${answer.json?.msg ?? answer.stderr}`
  const wrong = answer.status === 0 || isAnswer(answer) ? [] : ['no answer']
  if (answer.status === 0) return { end, wrong }
  const lost = attached?.() ?? []
  const next = callAlone(del)
  await place.tidy?.()
  const stuck = next.status === 0 ? [] : [`DEL again: ${next.json?.msg}`]
  return { end, wrong: [...wrong, ...lost, ...stuck] }
}

async function takeDown(request: Call, { tidy }: Place): Promise<void> {
  callAlone({ ...request, verb: 'DEL' })
  await tidy?.()
}

/** Restores the state for the next fault. */
async function cleaned(request: Call, place: Place): Promise<Snapshot> {
  await takeDown(request, place)
  return steady(place.look)
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
