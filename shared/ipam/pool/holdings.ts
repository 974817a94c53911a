/** What a network holds of its pool, as every ADD reads it: one small file, which is replaced as a whole. */

import { isObject, jsonIn } from '../../config/json.ts'
import { readOwnIfAny } from '../../kernel/regular.ts'
import { holdingsFile } from '../../store/files.ts'
import type { Holdings } from '../../store/memory.ts'
import { defaultDataDir } from '../host-local/keys.ts'
import type { ReservingRequest } from '../host-local/request.ts'

/** A file's text, and what it says. Equal texts say the same. */
export interface Reading {
  text: string
  /** Undefined without a file, after damage, and for what is of another pool. */
  held?: Holdings
  /** The file, if it is no such file any more. */
  damaged?: string
}

function fileOf({ config, network }: ReservingRequest): string {
  return holdingsFile(config.ipam?.dataDir ?? defaultDataDir, network)
}

/** The file's text; empty without one. @throws KernelError */
export function holdingsText(request: ReservingRequest): string {
  return readOwnIfAny(fileOf(request))?.toString() ?? ''
}

/** @param pool blocks of another one do not count; undefined: those of any @throws KernelError */
export function readHeld(request: ReservingRequest, pool?: string): Reading {
  const text = holdingsText(request)
  const value = jsonIn(text)
  if (!isHoldings(value)) return text === '' ? { text } : { text, damaged: fileOf(request) }
  if (pool !== undefined && value.pool !== pool) return { text }
  return { text, held: value }
}

/** By hand: to make the file's schema would take longer than ADD may. Addresses are validated where they are used. */
export function isHoldings(value: unknown): value is Holdings {
  if (!isObject(value) || !areTexts(value.pool)) return false
  const { definition, blocks, singles } = value
  return (
    isObject(definition) &&
    isListOf(definition.ranges, isRange) &&
    isListOf(blocks, ({ block, state }) => areTexts(block, state)) &&
    isListOf(singles, ({ address, state }) => areTexts(address, state))
  )
}

function isRange({ subnet, rangeStart = '', rangeEnd = '', gateway = '', exclude = [] }: Raw): boolean {
  return areTexts(subnet, rangeStart, rangeEnd, gateway) && Array.isArray(exclude) && areTexts(...exclude)
}

type Raw = Record<string, unknown>

function isListOf(value: unknown, isOne: (item: Raw) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && isOne(item))
}

function areTexts(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string')
}
