/** Where a VTEP sends what it knows nobody for: one entry of its FDB for each remote, neither more nor fewer than configured. */

import { formatAddress } from '../../shared/ip/address.ts'
import {
  type FloodEntry,
  listFloodEntries,
  newFloodEntry,
  removeFloodEntry,
} from '../../shared/netlink/fdb.ts'
import type { LinkName } from '../../shared/netlink/link.ts'
import { type Socket, transact } from '../../shared/netlink/socket.ts'
import type { Underlay } from './underlay.ts'

/** What is missing from the FDB, and what is there without being asked for. */
export interface RemoteDifferences {
  missing: FloodEntry[]
  surplus: FloodEntry[]
}

/** The entries that the configuration means; undefined when it leaves them to others. */
function entriesOf({ group, remotes, dev }: Underlay): FloodEntry[] | undefined {
  const addresses = group ? [group] : remotes
  return addresses?.map((address) => ({ dst: formatAddress(address), via: dev?.index }))
}

export function remoteDifferences(side: Socket, vtep: LinkName, underlay: Underlay): RemoteDifferences {
  const wanted = entriesOf(underlay)
  if (!wanted) return { missing: [], surplus: [] }
  const actual = listFloodEntries(side, vtep)
  return { missing: without(wanted, actual), surplus: without(actual, wanted) }
}

function without(entries: FloodEntry[], others: FloodEntry[]): FloodEntry[] {
  return entries.filter(({ dst, via }) => !others.some((other) => other.dst === dst && other.via === via))
}

/** Adds what is missing, then deletes the rest, so that nobody is without in between. @returns what was done, in words */
export function keepRemotes(side: Socket, vtep: LinkName, underlay: Underlay): string[] {
  const { missing, surplus } = remoteDifferences(side, vtep, underlay)
  const requests = [
    ...missing.map((entry) => newFloodEntry(vtep, entry)),
    ...surplus.map((entry) => removeFloodEntry(vtep, entry)),
  ]
  if (requests.length > 0) transact(side, requests)
  return [
    ...missing.map(({ dst }) => `added remote ${dst}`),
    ...surplus.map(({ dst }) => `deleted remote ${dst}`),
  ]
}
