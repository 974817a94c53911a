/** Values of the store's keys, checked: what is no good is reported, and counts as a value of another program. */

import * as z from 'zod/mini'
import { jsonIn } from '../../config/json.ts'
import type { Output, Schema } from '../../config/schema.ts'
import { plain } from '../../error/log.ts'
import type { Entry } from '../protocol.ts'

/** A key's value, and its revisions. */
export interface Known<T> {
  key: string
  value: T
  created: number
  modified: number
}

/** Undefined for no entry, and for a value that does not fit the schema: that is reported. */
export function known<S extends Schema>(
  schema: S,
  entry: Entry | undefined,
  report: (message: string) => void,
): Known<Output<S>> | undefined {
  if (!entry) return undefined
  const { success, data } = z.safeParse(schema, jsonIn(entry.value))
  if (success) return { ...entry, value: data }
  report(`the store's key ${plain(entry.key)} has a value that is none of ours: left as it is`)
  return undefined
}

/** Those of the entries that are good. */
export function allKnown<S extends Schema>(
  schema: S,
  entries: readonly Entry[],
  report: (message: string) => void,
): Known<Output<S>>[] {
  return entries.flatMap((entry) => known(schema, entry, report) ?? [])
}
