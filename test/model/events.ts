/** What can happen next in a world: a process goes on, is killed or is started, a tick of the clock, a boot. */

import { type Call, dataDir, directory, type Outcome } from './calls.ts'
import { change, coarseTime, collect, copyDisk, type Disk, setBoot, takeBack } from './disk.ts'
import { runAlone } from './execute.ts'
import { execute, mayChange, mustWait, type Task, type Traits } from './kernel.ts'
import type { Answer, Operation } from './operation.ts'
import type { Guess, Moment, Program } from './process.ts'
import type { Bounds, Container, Loss, Running, World } from './world.ts'

export type Event =
  | { kind: 'whole'; call: Call; outcome: Outcome }
  | { kind: 'start'; call: Call }
  | { kind: 'step'; call: Call; steps: readonly Step[]; outcome?: Outcome }
  | { kind: 'kill'; call: Call; before?: Operation }
  | { kind: 'tick' }
  /** @property lost how many of the last changes of names are taken back */
  | { kind: 'boot'; loss: Loss; lost: number }
  | { kind: 'index lost' }
  | { kind: 'touch' }

/** A system call that was made. */
export interface Step {
  operation: Operation
  answer: Answer
}

export interface Happening {
  event: Event
  world: World
}

/** Gives the first moment of a call. */
export type Programs = (call: Call) => Program<Outcome>
export type Begin = (call: Call, guess: Guess) => Moment<Outcome>

/** Everything that can happen next. */
export function happenings(world: World, bounds: Bounds, begin: Begin, programs: Programs): Happening[] {
  const { disk, running, left } = world
  const tasks = tasksOf(running)
  const ready = running.filter(
    ({ moment: { next }, task }) => next && !mustWait(next, task, tasks, bounds.traits),
  )
  // A kill or a boot right after a change is like one before the next change.
  const changed = running.filter(({ hasChanged }) => hasChanged)
  const canBoot = left.boots > 0 && (running.length === 0 || changed.length > 0)
  const canStart = left.calls > 0 && running.length < bounds.atOnce
  const isFirst = left.whole > 0 && running.length === 0 && left.calls === bounds.left.calls
  return [
    ...(isFirst ? callsOf(world, bounds).map((call) => whole(world, call, bounds, programs)) : []),
    ...ready.map((one) => step(world, one, bounds)),
    ...(left.crashes > 0 ? changed.map((one) => kill(world, one)) : []),
    ...(canStart ? callsOf(world, bounds).map((call) => start(world, call, bounds, begin)) : []),
    ...(left.ticks > 0 && running.some(({ call }) => call.verb === 'GC') ? [tick(world)] : []),
    ...(left.indexLosses > 0 && running.length === 0 ? [loseIndex(world)] : []),
    ...(left.touches > 0 && running.length === 0 && disk.names.has(directory) ? [touch(world)] : []),
    ...(canBoot ? boots(world, bounds) : []),
  ]
}

/** The calls that a runtime may start: one at once for each container, and DEL before another ADD. */
function callsOf({ containers, running }: World, { verbs, passesResult }: Bounds): Call[] {
  const names = [...containers.keys()]
  const used = names.findLastIndex((name) => isUsed(containers.get(name) as Container))
  const valid = names.filter((name) => containers.get(name)?.state === 'attached' || isAdding(running, name))
  return verbs.flatMap((verb): Call[] => {
    if (verb === 'GC') return [{ verb, container: '', previous: [], valid }]
    // The containers are alike: the first that was never used stands for the others.
    return names.slice(0, used + 2).flatMap((container) => {
      const { state, addresses } = containers.get(container) as Container
      const isFree = state === 'absent' || state === 'ended'
      const previous = passesResult && verb === 'DEL' ? addresses : []
      const canStart = verb.endsWith('ADD')
        ? isFree
        : state !== 'busy' && state !== 'ended' && isUsed({ state, addresses })
      return canStart ? [{ verb, container, previous, valid: [] }] : []
    })
  })
}

function isUsed({ state, addresses }: Container): boolean {
  return state !== 'absent' || addresses.length > 0
}

function isAdding(running: readonly Running[], name: string): boolean {
  return running.some(({ call }) => call.container === name && call.verb.endsWith('ADD'))
}

function whole(world: World, call: Call, { traits }: Bounds, programs: Programs): Happening {
  const disk = copyDisk(world.disk)
  const outcome = runAlone(disk, traits, programs(call))
  collect(disk, [])
  const left = { ...world.left, whole: world.left.whole - 1 }
  return { event: { kind: 'whole', call, outcome }, world: end({ ...world, disk, left }, call, outcome) }
}

function start(world: World, call: Call, bounds: Bounds, begin: Begin): Happening {
  const pid = [1, 2, 3, 4].find((pid) => world.running.every(({ task }) => task.pid !== pid)) as number
  const rivals = rivalsOf(world, call)
  const task = { pid, files: new Map() }
  const moment = begin(call, guessing(world.disk, task, tasksOf(world.running), bounds.traits))
  const process: Running = { call, moment, task, rivals, hasChanged: true }
  const running = world.running.map((one) => ({ ...one, rivals: union(one.rivals, call.container) }))
  const left = { ...world.left, calls: world.left.calls - 1 }
  const containers = withState(world, call.container, 'busy', { isOwed: call.verb === 'DEL' })
  const started = { ...world, running: [...running, process], containers, left }
  // GC begins when it reads the clock: the runtime starts no ADD between its list of valid containers and that.
  const event: Event = { kind: 'start', call }
  return { event, world: call.verb === 'GC' ? step(started, process, bounds).world : started }
}

/** The other containers that may have addresses. */
export function rivalsOf({ containers }: World, { container }: Call): string[] {
  const others = [...containers].filter(([name]) => name !== container)
  return others.filter(([, { state }]) => state !== 'absent' && state !== 'ended').map(([name]) => name)
}

function tasksOf(running: readonly Running[]): Task[] {
  return running.map(({ task }) => task)
}

/** Guesses that no other process does anything. The disk and the task stay as they are. */
function guessing(disk: Disk, task: Task, others: readonly Task[], traits: Traits): Guess {
  let copies: { disk: Disk; task: Task } | undefined
  return (operation) => {
    copies ??= { disk: copyDisk(disk), task: { ...task, files: new Map(task.files) } }
    if (mustWait(operation, copies.task, others, traits)) return undefined
    return execute(operation, { ...copies, tasks: others, traits })
  }
}

function union(names: readonly string[], name: string): string[] {
  return [...new Set([...names, ...(name === '' ? [] : [name])])].sort()
}

function withState(
  { containers }: World,
  name: string,
  state: Container['state'],
  changes: Partial<Container> = {},
): World['containers'] {
  const container = containers.get(name)
  if (!container) return containers
  const isOwed = container.isOwed && (changes.isOwed ?? true)
  return new Map(containers).set(name, {
    ...container,
    ...changes,
    isOwed: changes.addresses ? true : isOwed,
    state,
  })
}

/** One system call, and those after it that no other process can notice. */
function step(world: World, one: Running, bounds: Bounds): Happening {
  let { disk } = world
  const task: Task = { ...one.task, files: new Map(one.task.files) }
  const tasks = tasksOf(world.running.filter((other) => other !== one))
  const steps: Step[] = []
  let { moment } = one
  do {
    const operation = moment.next as Operation
    if (disk === world.disk && mayChange(operation)) disk = copyDisk(disk)
    const answer = execute(operation, { disk, task, tasks, traits: bounds.traits })
    steps.push({ operation, answer })
    moment = moment.after(answer, guessing(disk, task, tasks, bounds.traits))
  } while (moment.next && isPrivate(moment.next, task))
  const hasChanged = disk !== world.disk
  const running = world.running.map((other) => (other === one ? { ...one, moment, task, hasChanged } : other))
  const { call } = one
  const { outcome } = moment
  const after = { ...world, disk, running }
  const ended = outcome ? end(after, call, outcome) : after
  if (disk !== world.disk) collect(disk, openFiles(ended.running))
  return { event: { kind: 'step', call, steps, outcome }, world: ended }
}

function openFiles(running: readonly Running[]): number[] {
  return running.flatMap(({ task }) => [...task.files.values()].map(({ inode }) => inode))
}

/** Whether no other process can notice a system call, nor change its answer, and a kill before it is one after it. */
function isPrivate({ name, args }: Operation, { files }: Task): boolean {
  const file = files.get(args[0] as number)
  if (name === 'close') return file?.isLocked === false
  if (name === 'write' || name === 'fsync') return file?.path === ''
  return name === 'getpid' || name === 'ppoll' || (name === 'clock_gettime' && args[0] === 1)
}

/** The runtime reads an answer. */
function end(world: World, { verb, container }: Call, outcome: Outcome): World {
  const running = world.running.filter(({ moment }) => moment.next)
  if ('message' in outcome) {
    const state = verb.endsWith('ADD') ? 'absent' : 'unknown'
    return { ...world, running, containers: withState(world, container, state) }
  }
  const containers = verb.endsWith('ADD')
    ? withState(world, container, 'attached', { addresses: outcome.addresses })
    : withState(world, container, 'absent')
  return { ...world, running, containers }
}

function kill(world: World, one: Running): Happening {
  const running = world.running.filter((other) => other !== one)
  const disk = copyDisk(world.disk)
  collect(disk, openFiles(running))
  const left = { ...world.left, crashes: world.left.crashes - 1 }
  const containers = withState(world, one.call.container, 'unknown', { isOwed: false })
  return {
    event: { kind: 'kill', call: one.call, before: one.moment.next },
    world: { disk, running, containers, left },
  }
}

function tick(world: World): Happening {
  const disk = { ...world.disk, tick: world.disk.tick + 1 }
  return {
    event: { kind: 'tick' },
    world: { ...world, disk, left: { ...world.left, ticks: world.left.ticks - 1 } },
  }
}

/** A boot for each loss of bytes, and each number of changes of names that are lost. */
function boots(world: World, bounds: Bounds): Happening[] {
  const counts = [...Array((world.disk.unsynced?.length ?? 0) + 1).keys()]
  return bounds.losses.flatMap((loss) => counts.map((lost) => boot(world, loss, lost, bounds)))
}

/** All processes and containers end. With a loss, what was not synced to disk is gone: bytes, and the last changes of names. */
function boot(world: World, loss: Loss, lost: number, bounds: Bounds): Happening {
  const disk = copyDisk(world.disk)
  disk.tick++
  lose(disk, loss)
  takeBack(disk, lost)
  setBoot(disk, disk.boot + 1)
  collect(disk, [])
  const isKnown =
    loss === 'kept' &&
    lost === 0 &&
    !bounds.verbs.includes('reference ADD') &&
    world.left.indexLosses === bounds.left.indexLosses
  const containers = new Map(
    [...world.containers].map(([name, one]) => [name, afterBoot(one, isKnown, lost > 0)]),
  )
  const left = { ...world.left, boots: world.left.boots - 1 }
  return { event: { kind: 'boot', loss, lost }, world: { disk, running: [], containers, left } }
}

function lose(disk: Disk, loss: Loss): void {
  for (const [number, { text, isSynced }] of disk.inodes) {
    const left = { kept: text, emptied: '', zeroed: '\0'.repeat(text.length) }[loss]
    if (!isSynced) change(disk, number, { text: left, isSynced: true })
  }
}

/** A container that the index knows needs no DEL. One whose DEL may be undone needs another. */
function afterBoot(container: Container, isKnown: boolean, isUndone: boolean): Container {
  const { state } = container
  if (state === 'attached' && isKnown) return { ...container, state: 'ended' }
  const isGone = state === 'ended' || (state === 'absent' && !(isUndone && isUsed(container)))
  return isGone ? container : { ...container, state: 'unknown' }
}

function loseIndex(world: World): Happening {
  const disk = copyDisk(world.disk)
  for (const path of disk.names.keys()) if (path.startsWith(`${dataDir}/.patchbay`)) disk.names.delete(path)
  collect(disk, [])
  const left = { ...world.left, indexLosses: world.left.indexLosses - 1 }
  return { event: { kind: 'index lost' }, world: { ...world, disk, left } }
}

function touch(world: World): Happening {
  const disk = copyDisk(world.disk)
  change(disk, disk.names.get(directory) as number, { mtime: coarseTime(disk) })
  const left = { ...world.left, touches: world.left.touches - 1 }
  return { event: { kind: 'touch' }, world: { ...world, disk, left } }
}
