/** Runs protocols to their end, one after the other and without faults. */

import type { Step } from '../../../shared/store/protocol.ts'
import { after } from '../../harness/memory-store.ts'
import { isOnDisk, onDisk } from './machine.ts'
import type { Reply } from './moment.ts'
import type { Begin, Outcome, Work } from './protocols.ts'
import type { Machine, World } from './world.ts'

/** More steps than any protocol makes that ends. */
const many = 200

/** A world whose protocols run whole. */
export interface Settling {
  world: World
  begin: Begin
}

/** How a protocol ended; `wrong` when it did not. */
export type Ended = { result: Outcome } | { error: Error } | { wrong: string }

/** Runs a protocol of a host to its end. The world is changed. */
export function runWhole(settling: Settling, at: number, work: Work): Ended {
  const { id } = machineAt(settling, at)
  let moment = settling.begin(machineAt(settling, at), work)
  replace(settling, at, { ...machineAt(settling, at), begun: machineAt(settling, at).begun + 1 })
  for (let steps = 0; moment.next; steps++) {
    if (steps > many) return { wrong: `${work.kind} at ${id} does not end` }
    moment = moment.after(done(settling, at, moment.next))
  }
  return moment.end ?? { wrong: `${work.kind} at ${id} has no end` }
}

function done(settling: Settling, at: number, step: Step): Reply {
  if (isOnDisk(step)) {
    const { machine, answer } = onDisk(machineAt(settling, at), step)
    replace(settling, at, machine)
    return { answer }
  }
  const [store, answer] = after(settling.world.store, step)
  settling.world = { ...settling.world, store }
  return { answer }
}

export function machineAt({ world }: Settling, at: number): Machine {
  return world.machines[at] as Machine
}

export function replace(settling: Settling, at: number, machine: Machine): void {
  const machines = settling.world.machines.map((one, other) => (other === at ? machine : one))
  settling.world = { ...settling.world, machines }
}
