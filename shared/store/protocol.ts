/**
 * A protocol between this host and the store, as a generator: it yields each step and gets its answer. So the same code runs against a real
 * etcd (`perform`), and in the model, which stops it between any two steps.
 */

import type { Holdings, HostMemory } from './memory.ts'

/** A key of the store, with etcd's revisions of its creation and of its last change. */
export interface Entry {
  key: string
  value: string
  created: number
  modified: number
}

/** Keys from `from` on, below `to`; without `to` one key. */
export interface Range {
  from: string
  to?: string
  /** At most so many, in the order of the keys. */
  limit?: number
  /** Values are left out: they are empty. */
  keysOnly?: boolean
}

/** What a transaction requires: a key's revision, 0 for a key that does not exist; or that no key of a range has changed since a revision. */
export type Condition =
  | { key: string; created: number }
  | { key: string; modified: number }
  | { from: string; to: string; unchangedSince: number }

export type Operation = { put: { key: string; value: string } } | { remove: Range } | { range: Range }

/** A step of a protocol. The last two write to this host's disk, atomically and durably. */
export type Step =
  | { kind: 'status' }
  | ({ kind: 'range' } & Range)
  | { kind: 'transact'; when: Condition[]; do: Operation[]; otherwise: Operation[] }
  | { kind: 'remember'; memory: HostMemory }
  | { kind: 'hold'; holdings: Holdings }

/** Of one member of etcd: the revision of its data, and the index of the last raft entry that it has applied. */
export interface StatusAnswer {
  revision: number
  appliedIndex: number
}

export interface RangeAnswer {
  revision: number
  entries: Entry[]
  /** Whether `limit` has cut off others. */
  more: boolean
}

export interface TransactAnswer {
  revision: number
  /** Whether all conditions held, so that `do` was done, not `otherwise`. */
  succeeded: boolean
  /** For each operation what it found: entries of a range, none for the others. */
  found: Entry[][]
}

/** What `perform` gives for a step; nothing for a write to the disk. */
export type Answer = StatusAnswer | RangeAnswer | TransactAnswer | undefined

/** @template T the protocol's result. A step that fails throws: StoreAway where the outcome of a transaction is unknown. */
export type Protocol<T> = Generator<Step, T, Answer>

export function* status(): Protocol<StatusAnswer> {
  return (yield { kind: 'status' }) as StatusAnswer
}

/** A linearizable read. */
export function* read(range: Range): Protocol<RangeAnswer> {
  return (yield { kind: 'range', ...range }) as RangeAnswer
}

/** An atomic transaction (etcd's `Txn`). */
export function* transact(parts: {
  when: Condition[]
  do: Operation[]
  otherwise?: Operation[]
}): Protocol<TransactAnswer> {
  return (yield { kind: 'transact', otherwise: [], ...parts }) as TransactAnswer
}

export function* remember(memory: HostMemory): Protocol<void> {
  yield { kind: 'remember', memory }
}

export function* hold(holdings: Holdings): Protocol<void> {
  yield { kind: 'hold', holdings }
}

/** The store gave no answer. What was asked of it may have been done, or may still be done later. */
export class StoreAway extends Error {}
