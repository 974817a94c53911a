/** etcd's messages (rpc.proto and kv.proto of its API v3), as far as they are used: names and numbers of fields are etcd's. */

import type { Field, Table } from './wire.ts'

const int = (number: number): Field => ({ number, type: 'int' })
const bool = (number: number): Field => ({ number, type: 'bool' })
const text = (number: number): Field => ({ number, type: 'text' })
const one = (number: number, type: Table): Field => ({ number, type })
const many = (number: number, type: Table): Field => ({ number, type, repeated: true })

const header: Table = { revision: int(3) }
export interface Header {
  revision: number
}

const keyValue: Table = { key: text(1), created: int(2), modified: int(3), value: text(5) }
export interface KeyValue {
  key: string
  created: number
  modified: number
  value: string
}

/** `end`: keys below it; without it one key. `revision`: as the keys were then; without it as they are. */
export const rangeRequest: Table = {
  key: text(1),
  end: text(2),
  limit: int(3),
  revision: int(4),
  keysOnly: bool(8),
}
export interface RangeRequest {
  key: string
  end?: string
  limit?: number
  revision?: number
  keysOnly?: boolean
}

export const rangeResponse: Table = { header: one(1, header), kvs: many(2, keyValue), more: bool(3) }
export interface RangeResponse {
  header?: Header
  kvs: KeyValue[]
  more: boolean
}

const putRequest: Table = { key: text(1), value: text(2) }
const deleteRequest: Table = { key: text(1), end: text(2) }

const requestOperation: Table = {
  range: one(1, rangeRequest),
  put: one(2, putRequest),
  remove: one(3, deleteRequest),
}
export type RequestOperation =
  | { range: RangeRequest }
  | { put: { key: string; value: string } }
  | { remove: { key: string; end?: string } }

const responseOperation: Table = { range: one(1, rangeResponse) }

export const Result = { EQUAL: 0, GREATER: 1, LESS: 2 } as const
export const Target = { CREATE: 1, MOD: 2 } as const

const compare: Table = {
  result: int(1),
  target: int(2),
  key: text(3),
  created: int(5),
  modified: int(6),
  end: text(64),
}
export interface Compare {
  result: number
  target: number
  key: string
  created?: number
  modified?: number
  end?: string
}

export const transactRequest: Table = {
  when: many(1, compare),
  do: many(2, requestOperation),
  otherwise: many(3, requestOperation),
}
export interface TransactRequest {
  when: Compare[]
  do: RequestOperation[]
  otherwise: RequestOperation[]
}

export const transactResponse: Table = {
  header: one(1, header),
  succeeded: bool(2),
  responses: many(3, responseOperation),
}
export interface TransactResponse {
  header?: Header
  succeeded: boolean
  responses: { range?: RangeResponse }[]
}

export const statusRequest: Table = {}
export const statusResponse: Table = { header: one(1, header), version: text(2), appliedIndex: int(7) }
export interface StatusResponse {
  header?: Header
  version: string
  appliedIndex: number
}

export const watchRequest: Table = {
  create: one(1, { key: text(1), end: text(2), start: int(3), progress: bool(4), fragment: bool(8) }),
}
export interface WatchRequest {
  create: { key: string; end: string; start: number; progress: boolean; fragment: boolean }
}

export const EventType = { PUT: 0, DELETE: 1 } as const

export const watchResponse: Table = {
  header: one(1, header),
  created: bool(3),
  canceled: bool(4),
  compacted: int(5),
  reason: text(6),
  /** More events of the same revision follow. */
  fragment: bool(7),
  events: many(11, { type: int(1), entry: one(2, keyValue) }),
}
export interface WatchResponse {
  header?: Header
  created: boolean
  canceled: boolean
  compacted: number
  reason: string
  fragment: boolean
  events: { type: number; entry?: KeyValue }[]
}
