/** Where a VTEP sends what it knows nobody for: one entry of its FDB for each remote, neither more nor fewer than configured. */

import { CniError, Code } from '../../shared/error/error.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
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

/**
 * Adds what is missing, then deletes the rest, so that nobody is without in between.
 * @returns what was done, in words
 * @throws CniError when the VTEP was made for remotes of the other family
 */
export function keepRemotes(side: Socket, vtep: LinkName, underlay: Underlay): string[] {
  const { missing, surplus } = remoteDifferences(side, vtep, underlay)
  addRemotes(side, vtep, missing)
  transact(
    side,
    surplus.map((entry) => removeFloodEntry(vtep, entry)),
  )
  return [
    ...missing.map(({ dst }) => `added remote ${dst}`),
    ...surplus.map(({ dst }) => `deleted remote ${dst}`),
  ]
}

/** By themselves: of one message the kernel would do the deletions although an addition failed. */
function addRemotes(side: Socket, vtep: LinkName, missing: FloodEntry[]): void {
  try {
    transact(
      side,
      missing.map((entry) => newFloodEntry(vtep, entry)),
    )
  } catch (error) {
    throw isErrno(error, 'EAFNOSUPPORT') ? otherFamily(vtep, missing, error) : error
  }
}

/** A VTEP's UDP socket is of one family from its birth on (vxlan_fdb_parse, drivers/net/vxlan/vxlan_core.c). */
function otherFamily({ name }: LinkName, missing: FloodEntry[], cause: unknown): CniError {
  const [remote] = missing
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `VTEP ${name} exists already for the other IP version than that of remote ${remote?.dst}`,
    hint: `end its containers first; what nobody uses any more goes by: ip link delete ${name}`,
    reproduce: `bridge fdb append 00:00:00:00:00:00 dev ${name} dst ${remote?.dst}`,
    errno: 'EAFNOSUPPORT',
    cause,
  })
}
