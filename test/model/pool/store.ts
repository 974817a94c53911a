/** etcd as the protocols see it: keys with revisions, a raft log, and transactions. A store is a value that is never changed. */

import type { StoreStep } from '../../../shared/store/connection.ts'
import type {
  Answer,
  Condition,
  Entry,
  Operation,
  Range,
  RangeAnswer,
  Step,
} from '../../../shared/store/protocol.ts'

export type Transaction = Extract<Step, { kind: 'transact' }>

export interface Store {
  revision: number
  /** Index of the last applied raft entry. */
  index: number
  /** By key, in the order of the keys. */
  entries: readonly Entry[]
}

/** Both are high enough that a backup of it begins a shorter raft log. */
export const emptyStore: Store = { revision: 100, index: 150, entries: [] }

/** `etcdctl snapshot restore`: the data with its revision, and a new raft log. */
export function restored(backup: Store): Store {
  return { ...backup, index: 5 }
}

/** The answer to a step, and the store after it. */
export function ask(store: Store, step: StoreStep): { store: Store; answer: Answer } {
  if (step.kind === 'status') return { store, answer: statusOf(store) }
  if (step.kind === 'range') return { store, answer: rangeOf(store, step) }
  return transact(store, step)
}

function statusOf({ revision, index }: Store): Answer {
  return { revision, appliedIndex: index }
}

function rangeOf({ revision, entries }: Store, { from, to, limit, keysOnly }: Range): RangeAnswer {
  const found = entries.filter(({ key }) => isIn(key, from, to))
  const some = limit ? found.slice(0, limit) : found
  return {
    revision,
    entries: keysOnly ? some.map((entry) => ({ ...entry, value: '' })) : some,
    more: some.length < found.length,
  }
}

function isIn(key: string, from: string, to: string | undefined): boolean {
  return to === undefined ? key === from : key >= from && key < to
}

/** A transaction that can write has a raft entry, also when it writes nothing. */
function transact(store: Store, { when, do: then, otherwise }: Transaction) {
  const succeeded = when.every((condition) => isMet(store, condition))
  const operations = succeeded ? then : otherwise
  refuseTwice(operations)
  const isReadOnly = [...then, ...otherwise].every((operation) => 'range' in operation)
  const found: Entry[][] = []
  let { entries } = store
  const revision = store.revision + 1
  for (const operation of operations) {
    found.push('range' in operation ? rangeOf({ ...store, entries }, operation.range).entries : [])
    entries = changed(entries, operation, revision)
  }
  const after: Store = {
    revision: entries === store.entries ? store.revision : revision,
    index: isReadOnly ? store.index : store.index + 1,
    entries,
  }
  return { store: after, answer: { revision: after.revision, succeeded, found } }
}

/** As etcd's comparisons: those of a range look at the keys that exist. */
function isMet({ entries }: Store, condition: Condition): boolean {
  if ('from' in condition) {
    const { from, to, unchangedSince } = condition
    return entries.every(({ key, modified }) => !isIn(key, from, to) || modified <= unchangedSince)
  }
  const entry = entries.find(({ key }) => key === condition.key)
  return 'created' in condition
    ? (entry?.created ?? 0) === condition.created
    : (entry?.modified ?? 0) === condition.modified
}

/** etcd: `duplicate key given in txn request`. */
function refuseTwice(operations: readonly Operation[]): void {
  const keys = operations.flatMap((operation) => ('put' in operation ? [operation.put.key] : []))
  const removed = operations.flatMap((operation) => ('remove' in operation ? [operation.remove] : []))
  const isTwice = keys.some(
    (key, at) => keys.indexOf(key) !== at || removed.some(({ from, to }) => isIn(key, from, to)),
  )
  if (isTwice) throw new Error(`a transaction changes a key twice: ${keys}`)
}

function changed(entries: readonly Entry[], operation: Operation, modified: number): readonly Entry[] {
  if ('range' in operation) return entries
  if ('remove' in operation) {
    const { from, to } = operation.remove
    const left = entries.filter(({ key }) => !isIn(key, from, to))
    return left.length === entries.length ? entries : left
  }
  const { key, value } = operation.put
  const created = entries.find((entry) => entry.key === key)?.created ?? modified
  const others = entries.filter((entry) => entry.key !== key)
  return [...others, { key, value, created, modified }].sort((one, other) => (one.key < other.key ? -1 : 1))
}
