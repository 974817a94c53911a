/** A protocol goes on by a step, with what may become of it; or its process is killed. */

import type { Step } from '../../../shared/store/protocol.ts'
import { after } from '../../harness/memory-store.ts'
import type { Choice, Fate } from './events.ts'
import { blocksIn, excusing } from './excuses.ts'
import { isOnDisk, onDisk } from './machine.ts'
import type { Reply } from './moment.ts'
import type { Model } from './protocols.ts'
import { type Machine, type Running, spend, type World, withMachine } from './world.ts'

/** Which protocol of which host. */
interface Place {
  world: World
  at: number
  running: Running
}

/** The next step of each protocol of a host, with each fate, and the kill before it. */
export function stepsOf(world: World, at: number, model: Model): Choice[] {
  return (world.machines[at] as Machine).running.flatMap((running) =>
    stepsOfOne({ world, at, running }, model),
  )
}

function stepsOfOne(place: Place, { away }: Model): Choice[] {
  const { world, at, running } = place
  const { isCut } = world.machines[at] as Machine
  const next = running.moment.next as Step
  const isSent = next.kind === 'transact' && !isCut
  const kills = world.left.crashes > 0 ? [false, ...(isSent && canWrite(next) ? [true] : [])] : []
  return [
    ...fatesOf(world, next, isCut).map(
      (fate): Choice => ({
        kind: fate === 'done' || isCut ? 'step' : 'fault',
        make: () => step(place, { next, fate, away }),
      }),
    ),
    ...skewsOf(world, next, isCut).map(
      (skew): Choice => ({
        kind: 'skew',
        make: () => step(place, { next, fate: 'done', away, skew }),
      }),
    ),
    ...kills.map((isSent): Choice => ({ kind: 'crash', make: () => crash(place, isSent) })),
  ]
}

function fatesOf({ left }: World, next: Step, isCut: boolean): Fate[] {
  if (isOnDisk(next)) return ['done']
  if (isCut) return ['unsent']
  if (left.lost === 0) return ['done']
  return next.kind === 'transact' && canWrite(next) ? ['done', 'lost', 'unsent'] : ['done', 'unsent']
}

/** What a member's status may be off by: it lags behind, or an entry is counted in one of the two numbers only. */
const skews: readonly Skew[] = [
  { revision: -1, index: -1 },
  { revision: 0, index: -1 },
  { revision: -1, index: 0 },
]

interface Skew {
  revision: number
  index: number
}

function skewsOf({ left }: World, { kind }: Step, isCut: boolean): readonly Skew[] {
  return kind === 'status' && left.skews > 0 && !isCut ? skews : []
}

function canWrite(step: Step): boolean {
  return step.kind === 'transact' && [...step.do, ...step.otherwise].some((one) => !('range' in one))
}

interface Trying {
  next: Step
  fate: Fate
  away: Error
  skew?: Skew
}

function step({ world, at, running }: Place, trying: Trying): ReturnType<Choice['make']> {
  const machine = world.machines[at] as Machine
  const { work } = running
  const done = execute(world, machine, trying)
  const moment = running.moment.after(done.reply)
  const others = machine.running.filter((one) => one !== running)
  const still = moment.end ? others : [...others, { work, moment }].sort(byKind)
  const after = withMachine(done.world, at, { ...done.machine, running: still })
  const isFault = trying.fate !== 'done' && !machine.isCut
  const answer = 'answer' in done.reply ? done.reply.answer : undefined
  return {
    event: {
      kind: 'step',
      machine: machine.id,
      work,
      step: trying.next,
      answer,
      fate: trying.fate,
      end: moment.end,
    },
    world: excusingReleased(paid(after, isFault, trying), running),
  }
}

function paid(world: World, isFault: boolean, { skew }: Trying): World {
  return isFault ? spend(world, 'lost') : skew ? spend(world, 'skews') : world
}

/** So that worlds that differ by the order alone are one. */
export function byKind(one: Running, other: Running): number {
  return one.work.kind < other.work.kind ? -1 : 1
}

function execute(world: World, machine: Machine, { next, fate, away, skew }: Trying) {
  if (isOnDisk(next)) {
    const { machine: changed, answer } = onDisk(machine, next)
    return { world, machine: changed, reply: { answer } satisfies Reply }
  }
  if (fate === 'unsent') return { world: sent(world, machine, next), machine, reply: { thrown: away } }
  const [store, answer] = after(world.store, next)
  if (skew && 'appliedIndex' in answer) {
    answer.revision += skew.revision
    answer.appliedIndex += skew.index
  }
  return { world: { ...world, store }, machine, reply: fate === 'lost' ? { thrown: away } : { answer } }
}

/** A transaction on its way. What a host sends that is cut off never arrives. */
function sent(world: World, { id, isCut }: Machine, next: Step): World {
  if (next.kind !== 'transact' || isCut || !canWrite(next)) return world
  return { ...world, late: [...world.late, { sender: id, transaction: next }] }
}

/** A host that is released while it lives: the operator was told that its addresses may be given to others. */
function excusingReleased(world: World, { work }: Running): World {
  if (work.kind !== 'release') return world
  const alive = world.machines.filter(({ isOn, name }) => isOn && name === work.host)
  return alive.length === 0 ? world : { ...world, excused: excusing(world, alive.flatMap(blocksIn)) }
}

function crash({ world, at, running }: Place, isSent: boolean): ReturnType<Choice['make']> {
  const machine = world.machines[at] as Machine
  const { work, moment } = running
  const left = isSent && moment.next ? sent(world, machine, moment.next) : world
  const after = { ...machine, running: machine.running.filter((one) => one !== running) }
  return {
    event: { kind: 'crash', machine: machine.id, work, step: moment.next, isSent },
    world: spend(withMachine(left, at, after), 'crashes'),
  }
}
