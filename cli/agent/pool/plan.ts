/** What the pool part has to do now, by this host's files and by what it follows: a list of tasks, made without asking the store. */

import type { Family } from '../../../shared/ip/address.ts'
import type { Holdings } from '../../../shared/store/memory.ts'
import { type EmptySince, emptySince, type Fill, needsBlock, surplus } from './decide.ts'
import type { Fullness } from './fills.ts'

/** One thing to do for a network. */
export type Task =
  | { do: 'claim'; holdings: Holdings; family: Family }
  | { do: 'give back'; holdings: Holdings; name: string }

/** What is remembered of a network from one pass to the next. */
export interface Remembered {
  /** Since when blocks are empty, and addresses of other hosts' blocks without a container. */
  since: EmptySince
}

export interface Planned {
  tasks: Task[]
  remembered: Remembered
  /** When to look again although nothing changes, milliseconds. */
  next?: number
}

export interface Circumstances {
  /** performance.now() */
  now: number
  emptyFor: number
  /** Whether a configuration of this host names the network. Then an empty block is kept for its next container; else only while others are used. */
  isConfigured: boolean
}

/** The pool has shrunk: a block outside of it gives nothing, and is no spare one. */
const canGive = ({ size }: Fill) => size > 0

/** Which blocks a network needs, and what it gives back. */
export function plan(
  fullness: Fullness,
  before: Remembered,
  { now, emptyFor, isConfigured }: Circumstances,
): Planned {
  const { holdings, fills, idleSingles } = fullness
  const isClosing = holdings.definition.closing === true
  const all = [...fills.values()].flat()
  const idle = idleSingles.map((block) => ({ block, size: 1, used: 0 }))
  const since = emptySince(before.since, [...all, ...idle], now)
  const spareOf = (own: readonly Fill[]) =>
    !isClosing && (isConfigured || own.some(({ used }) => used > 0)) ? 1 : 0
  const of = (some: readonly { block: string }[]) =>
    new Map([...since].filter(([name]) => some.some(({ block }) => block === name)))
  const surpluses = [
    ...[...fills.values()].flatMap((own) => [
      surplus(of(own.filter(canGive)), spareOf(own), emptyFor, now),
      surplus(of(own.filter((one) => !canGive(one))), 0, emptyFor, now),
    ]),
    surplus(of(idle), 0, emptyFor, now),
  ]
  const claims = isClosing ? [] : [...fills].filter(([, own]) => needsBlock(own))
  const waits = surpluses.flatMap(({ next }) => next ?? [])
  return {
    tasks: [
      ...claims.map(([family]): Task => ({ do: 'claim', holdings, family })),
      ...surpluses.flatMap(({ blocks }) => blocks.map((name): Task => ({ do: 'give back', holdings, name }))),
    ],
    remembered: { since },
    ...(waits.length > 0 && { next: Math.min(...waits) }),
  }
}
