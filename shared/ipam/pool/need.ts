/** Whether a network needs another block: when less than a quarter of a block is free, in all of its blocks together. */

import { type Address, type Family, parseAddress } from '../../ip/address.ts'
import { readDirectoryIfAny } from '../../kernel/files.ts'
import type { Holdings } from '../../store/memory.ts'
import { directoryOf } from '../host-local/open.ts'
import { capacity, rangeOf, roleOf } from '../range.ts'
import { leastFree } from './fill.ts'
import { type FamilySet, familySets } from './sets.ts'

/** By the names of host-local's files alone. @throws CniError for ranges that cannot be, KernelError */
export function needsBlock(holdings: Holdings, family: Family): boolean {
  const set = familySets(holdings).find((one) => one.family === family)
  return set !== undefined && isLow(set, recordedAddresses(directoryOf(holdings.dataDir, holdings.network)))
}

/** The addresses that have a file in a network's directory, those that are kept for later containers too; no file is opened. @throws KernelError */
export function recordedAddresses(directory: string): Address[] {
  return readDirectoryIfAny(directory).flatMap(({ name }) => parseAddress(name) ?? [])
}

function isLow({ held, blocks }: FamilySet, taken: readonly Address[]): boolean {
  if (blocks === 0) return true
  const size = Number(capacity(held))
  const used = taken.filter((address) => rangeOf(held, address) && !roleOf(held, address)).length
  return size - used <= leastFree(size, blocks)
}
