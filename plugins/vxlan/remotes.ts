/** The remotes of a VTEP, which get all frames to unknown MAC addresses: one FDB entry for each, exactly as configured. */

import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import {
  type FloodEntry,
  listFloodEntries,
  newFloodEntry,
  removeFloodEntry,
} from '../../shared/netlink/fdb.ts'
import { findLink, type LinkName } from '../../shared/netlink/link.ts'
import { type Socket, transact } from '../../shared/netlink/socket.ts'
import type { Change } from './change.ts'
import type { Underlay } from './underlay.ts'

/** The entries that the FDB lacks, and those that are not configured. */
export interface RemoteDifferences {
  missing: FloodEntry[]
  surplus: FloodEntry[]
}

/** The configured entries; undefined if the configuration leaves them to a daemon. */
function entriesOf({ group, remotes, dev }: Underlay): FloodEntry[] | undefined {
  const addresses = group ? [group] : remotes
  return addresses?.map((address) => ({ dst: formatAddress(address), via: dev?.index }))
}

export function remoteDifferences(side: Socket, vtep: LinkName, underlay: Underlay): RemoteDifferences {
  const wanted = entriesOf(underlay)
  if (!wanted) return { missing: [], surplus: [] }
  const actual = listFloodEntries(side, vtep)
  const [missing, surplus] = [without(wanted, actual), without(actual, wanted)]
  return { missing: withNames(side, missing), surplus: withNames(side, surplus) }
}

/** With the names that the links have on the VTEP's side, where the command in errors is run. */
function withNames(side: Socket, entries: FloodEntry[]): FloodEntry[] {
  const links = new Set(entries.flatMap(({ via }) => via ?? []))
  const names = new Map([...links].map((via) => [via, findLink(side, via)?.name]))
  return entries.map((entry) => (entry.via ? { ...entry, viaName: names.get(entry.via) } : entry))
}

function without(entries: FloodEntry[], others: FloodEntry[]): FloodEntry[] {
  const keyOf = ({ dst, via }: FloodEntry) => `${dst} ${via}`
  const known = new Set(others.map(keyOf))
  return entries.filter((entry) => !known.has(keyOf(entry)))
}

/**
 * The missing entries come first, then the surplus goes, so that no remote is left out in between.
 * @returns changes that throw a CniError when the VTEP was made for remotes of the other family
 */
export function remoteChanges(side: Socket, vtep: LinkName, underlay: Underlay): Change[] {
  const { missing, surplus } = remoteDifferences(side, vtep, underlay)
  const removals = surplus.map((entry) => removeFloodEntry(vtep, entry))
  return [
    {
      says: missing.map(({ dst }) => `add remote ${dst}`),
      make: () => addRemotes(side, vtep, missing),
    },
    {
      says: surplus.map(({ dst }) => `delete remote ${dst}`),
      make: () => void transact(side, removals),
    },
  ]
}

/** In a message of their own: the kernel does not stop at a failed addition, and would do the deletions behind it. */
function addRemotes(side: Socket, vtep: LinkName, missing: FloodEntry[]): void {
  const [first] = missing
  if (!first) return
  try {
    transact(
      side,
      missing.map((entry) => newFloodEntry(vtep, entry)),
    )
  } catch (error) {
    throw isErrno(error, 'EAFNOSUPPORT') ? otherFamily(vtep, first, error) : error
  }
}

/** The family of a VTEP's UDP socket cannot be changed (vxlan_fdb_parse, drivers/net/vxlan/vxlan_core.c). */
function otherFamily({ name }: LinkName, { dst }: FloodEntry, cause: KernelError): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `VTEP ${name} exists already for the other IP version than remote ${dst} has`,
    hint: `end its containers first; if it is unused, delete it: ip link delete ${name}`,
    ...factsOf(cause),
  })
}
