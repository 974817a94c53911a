/** Steps of protocols as etcd's requests, and etcd's answers as theirs. */

import { CniError, Code } from '../../error/error.ts'
import type { Condition, Entry, Operation, Range, RangeAnswer, Step, TransactAnswer } from '../protocol.ts'
import {
  type Compare,
  type Header,
  type KeyValue,
  type RangeRequest,
  type RangeResponse,
  type RequestOperation,
  Result,
  Target,
  type TransactRequest,
  type TransactResponse,
} from './messages.ts'

type Transact = Extract<Step, { kind: 'transact' }>

export function rangeRequestOf({ from, to, limit, keysOnly }: Range): RangeRequest {
  return { key: from, end: to, limit, keysOnly }
}

export function rangeAnswerOf({ header, kvs, more }: RangeResponse): RangeAnswer {
  return { revision: revisionOf(header), entries: kvs.map(entryOf), more }
}

export function transactRequestOf({ when, do: wanted, otherwise }: Transact): TransactRequest {
  return {
    when: when.map(compareOf),
    do: wanted.map(operationOf),
    otherwise: otherwise.map(operationOf),
  }
}

export function transactAnswerOf({ header, succeeded, responses }: TransactResponse): TransactAnswer {
  const found = responses.map(({ range }) => range?.kvs.map(entryOf) ?? [])
  return { revision: revisionOf(header), succeeded, found }
}

/** @throws CniError: etcd puts a header into each answer */
export function revisionOf(header: Header | undefined): number {
  if (header && header.revision > 0) return header.revision
  throw new CniError(Code.DecodingFailure, { msg: "the store's answer has no revision: is it etcd?" })
}

export function entryOf({ key, value, created, modified }: KeyValue): Entry {
  return { key, value, created, modified }
}

/** A key that does not exist has the revisions 0. A range without a key fulfils every condition. */
function compareOf(condition: Condition): Compare {
  if ('unchangedSince' in condition) {
    const { from: key, to: end, unchangedSince } = condition
    return { result: Result.LESS, target: Target.MOD, key, end, modified: unchangedSince + 1 }
  }
  const { key } = condition
  return 'created' in condition
    ? { result: Result.EQUAL, target: Target.CREATE, key, created: condition.created }
    : { result: Result.EQUAL, target: Target.MOD, key, modified: condition.modified }
}

function operationOf(operation: Operation): RequestOperation {
  if ('put' in operation) return { put: operation.put }
  if ('range' in operation) return { range: rangeRequestOf(operation.range) }
  const { from: key, to: end } = operation.remove
  return { remove: { key, end } }
}
