/**
 * A store in memory that counts revisions and raft entries as etcd does, for tests of protocols: it can be restored from a backup, lose an
 * answer, and do a transaction long after it was sent. Its state is plain data, so a model can copy it.
 */

import type { StoreStep } from '../../shared/store/connection.ts'
import type {
  Condition,
  Entry,
  Operation,
  Range,
  RangeAnswer,
  StatusAnswer,
  TransactAnswer,
} from '../../shared/store/protocol.ts'

export interface State {
  revision: number
  /** The index of the last raft entry. */
  index: number
  entries: readonly Entry[]
}

/** A new etcd: revision 1 without a key; the members' own entries are in the log already. */
export const empty: State = { revision: 1, index: 4, entries: [] }

/** `etcdctl snapshot restore`: the data and their revisions are the backup's, the raft log begins anew. */
export function restored(backup: State): State {
  return { ...backup, index: empty.index }
}

/** One request. @returns the state after it, and the answer */
export function after(state: State, step: StoreStep): [State, StatusAnswer | RangeAnswer | TransactAnswer] {
  if (step.kind === 'status') return [state, { revision: state.revision, appliedIndex: state.index }]
  if (step.kind === 'range') return [state, { revision: state.revision, ...inRange(state.entries, step) }]
  return transacted(state, step)
}

type Transaction = Extract<StoreStep, { kind: 'transact' }>

/** Only transactions that can write have a raft entry. Only those that do write have a revision. */
function transacted(state: State, step: Transaction): [State, TransactAnswer] {
  const succeeded = step.when.every((condition) => holds(state.entries, condition))
  const operations = succeeded ? step.do : step.otherwise
  refuseTwice(operations)
  const next = state.revision + 1
  let { entries } = state
  const found = operations.map((operation) => {
    if ('range' in operation) return inRange(entries, operation.range).entries
    entries = written(entries, operation, next)
    return []
  })
  const canWrite = [...step.do, ...step.otherwise].some((operation) => !('range' in operation))
  const revision = entries === state.entries ? state.revision : next
  return [
    { revision, index: state.index + (canWrite ? 1 : 0), entries },
    { revision, succeeded, found },
  ]
}

function holds(entries: readonly Entry[], condition: Condition): boolean {
  if ('unchangedSince' in condition)
    return inRange(entries, condition).entries.every(({ modified }) => modified <= condition.unchangedSince)
  const entry = entries.find(({ key }) => key === condition.key)
  return 'created' in condition
    ? (entry?.created ?? 0) === condition.created
    : (entry?.modified ?? 0) === condition.modified
}

/** etcd refuses to change a key twice in one transaction. */
function refuseTwice(operations: readonly Operation[]): void {
  const put = operations.flatMap((operation) => ('put' in operation ? [operation.put.key] : []))
  const removed = operations.flatMap((operation) => ('remove' in operation ? [operation.remove] : []))
  if (new Set(put).size < put.length || put.some((key) => removed.some((range) => isIn(range, key))))
    throw new Error('etcdserver: duplicate key given in txn request')
}

function written(
  entries: readonly Entry[],
  operation: Exclude<Operation, { range: Range }>,
  revision: number,
): readonly Entry[] {
  if ('remove' in operation) {
    const left = entries.filter(({ key }) => !isIn(operation.remove, key))
    return left.length === entries.length ? entries : left
  }
  const { key, value } = operation.put
  const created = entries.find((entry) => entry.key === key)?.created ?? revision
  const others = entries.filter((entry) => entry.key !== key)
  return [...others, { key, value, created, modified: revision }].sort((one, other) =>
    one.key < other.key ? -1 : 1,
  )
}

function isIn({ from, to }: Range, key: string): boolean {
  return to === undefined ? key === from : key >= from && key < to
}

/** The entries of a range, as etcd gives them. */
export function inRange(entries: readonly Entry[], range: Range): { entries: Entry[]; more: boolean } {
  const all = entries.filter(({ key }) => isIn(range, key))
  const some = range.limit === undefined ? all : all.slice(0, range.limit)
  return {
    entries: some.map((entry) => (range.keysOnly ? { ...entry, value: '' } : entry)),
    more: some.length < all.length,
  }
}
