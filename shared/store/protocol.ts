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

/** A step of a protocol: a request to the store, or a change of this host's files. */
export type Step =
  | { kind: 'status' }
  | ({ kind: 'range' } & Range)
  | { kind: 'transact'; when: Condition[]; do: Operation[]; otherwise: Operation[] }
  | DiskStep

/** A change of this host's files. `remember` and `hold` replace a file, atomically and durably. */
export type DiskStep =
  | { kind: 'remember'; memory: HostMemory }
  | { kind: 'hold'; holdings: Holdings }
  /** `hold`, under host-local's lock, if no address of a block, or not this address, is reserved. */
  | { kind: 'leave'; holdings: Holdings; part: string }
  /** Reserves an address for the holder `pool:HOST`. Done, too, if that holder has it already. */
  | ({ kind: 'reserve' } & Reserving)
  /** Releases it, if that holder has it. */
  | ({ kind: 'release' } & Reserving)

export interface Reserving {
  dataDir: string
  network: string
  address: string
  host: string
}

/** Whether it was done; else why not, for people. */
export interface DiskAnswer {
  done: boolean
  reason?: string
}

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

/** What `perform` gives for a step. */
export type Answer = StatusAnswer | RangeAnswer | TransactAnswer | DiskAnswer

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

/** @returns false, and nothing is changed, when an address of the block is reserved, or this address */
export function* leave(holdings: Holdings, part: string): Protocol<boolean> {
  return ((yield { kind: 'leave', holdings, part }) as DiskAnswer).done
}

export function* reserve(reserving: Reserving): Protocol<DiskAnswer> {
  return (yield { kind: 'reserve', ...reserving }) as DiskAnswer
}

export function* release(reserving: Reserving): Protocol<void> {
  yield { kind: 'release', ...reserving }
}

/** The store gave no answer. What was asked of it may have been done, or may still be done later. */
export class StoreAway extends Error {}
