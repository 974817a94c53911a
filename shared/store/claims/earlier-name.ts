/**
 * A host has one name. Renamed, it removes the key of its earlier name in the transaction that writes the new one: so a copy of it under
 * another name finds that key written by another host, or gone and one under another name instead.
 */

import type { Protocol } from '../protocol.ts'
import { type HostValue, host as hostSchema } from '../values.ts'
import type { Parts } from './chain.ts'
import type { Session } from './host.ts'
import { entriesBelow } from './pages.ts'
import { type Known, known } from './value.ts'

/** The keys of other names that have this host's ID. All hosts are read: only for a host that the store does not know by its name. */
export function* ofOtherNames({ host, memory }: Session): Protocol<Known<HostValue>[]> {
  // A new ID is not another host's.
  if (memory.stores.length === 0 && host.holdings.length === 0) return []
  return (yield* entriesBelow(host.keys.hosts)).flatMap((entry) => {
    if (entry.key === host.keys.host(host.name) || !entry.value.includes(memory.id)) return []
    const other = known(hostSchema, entry, host.report)
    return other?.value.id === memory.id ? [other] : []
  })
}

/** Parts of the transaction that writes the new name. */
export function without(earlier: readonly Known<HostValue>[]): Parts {
  if (earlier.length === 0) return {}
  return {
    when: earlier.map(({ key, modified }) => ({ key, modified })),
    do: earlier.map(({ key }) => ({ remove: { from: key } })),
  }
}
