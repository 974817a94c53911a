/** The loop: what is due is begun, then signals, changes of the journal and answers are waited for. */

import type { Fd } from '../../shared/kernel/files.ts'
import { act } from './act.ts'
import { nameOf, type Renewer, type Slot } from './renewer.ts'

/** Exchanges at once; further leases wait until one has ended. */
const mostAtOnce = 64

/** The longest wait, milliseconds: while a machine sleeps, a wait's time does not count, and a lease's does. */
const longestWait = 30_000

/** What else is waited for: a descriptor, and what is done when it is readable. @returns whether the loop goes on */
export interface Source {
  fd: Fd
  take(): boolean
}

/** Waits until descriptors are readable, at most for milliseconds. @returns those */
export type Wait = (fds: Fd[], milliseconds: number) => Fd[]

/** Runs until a source says that it ends. */
export function runLoop(renewer: Renewer, sources: () => Source[], wait: Wait): void {
  while (round(renewer, sources(), wait));
}

/** @returns whether it goes on */
export function round(renewer: Renewer, sources: Source[], wait: Wait): boolean {
  beginDue(renewer)
  const { exchanges } = renewer
  const ready = new Set(wait([...sources.map(({ fd }) => fd), ...exchanges.fds()], untilNext(renewer)))
  const goesOn = sources.filter(({ fd }) => ready.has(fd)).every((source) => source.take())
  if (goesOn) exchanges.advance(ready)
  return goesOn
}

const isIdle = ({ exchanges }: Renewer, slot: Slot) => !exchanges.has(nameOf(slot))

/** What is due for the longest time comes first: leases whose servers are silent, however many, keep no other one waiting for ever. */
function beginDue(renewer: Renewer): void {
  const { host, slots, exchanges } = renewer
  if (exchanges.size >= mostAtOnce) return
  const now = host.now()
  const due = [...slots.values()].filter((slot) => slot.at <= now && isIdle(renewer, slot))
  for (const slot of due.sort((one, other) => one.at - other.at)) {
    if (exchanges.size >= mostAtOnce) return
    if (slots.get(nameOf(slot)) === slot) act(renewer, slot)
  }
}

/** A sum over numbers in memory; a heap would save little at a thousand leases. */
function untilNext(renewer: Renewer): number {
  const isFull = renewer.exchanges.size >= mostAtOnce
  let next = renewer.exchanges.next()
  if (!isFull)
    for (const slot of renewer.slots.values()) if (slot.at < next && isIdle(renewer, slot)) next = slot.at
  return Math.max(0, Math.min(longestWait, next - renewer.host.now()))
}
