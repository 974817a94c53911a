/**
 * A host has one name. Renamed, it removes the key of its earlier name in the transaction that writes the new one: so a copy of it under
 * another name finds that key written by another host, or gone and one under another name instead.
 */

import { allBelow } from '../keys.ts'
import { type Protocol, read } from '../protocol.ts'
import { type HostValue, host as hostSchema } from '../values.ts'
import type { Parts } from './chain.ts'
import type { Session } from './host.ts'
import { type Known, known } from './value.ts'

const PAGE = 1000

/** The keys of other names that have this host's ID. All hosts are read: only for a host that the store does not know by its name. */
export function* ofOtherNames({ host, memory }: Session): Protocol<Known<HostValue>[]> {
  const found: Known<HostValue>[] = []
  // A new ID is not another host's.
  if (memory.stores.length === 0 && host.holdings.length === 0) return found
  let { from, to } = allBelow(host.keys.hosts)
  for (;;) {
    const { entries, more } = yield* read({ from, to, limit: PAGE })
    const some = entries.filter(
      ({ key, value }) => key !== host.keys.host(host.name) && value.includes(memory.id),
    )
    const hosts = some.flatMap((entry) => known(hostSchema, entry, host.report) ?? [])
    found.push(...hosts.filter(({ value }) => value.id === memory.id))
    if (!more) return found
    from = `${entries.at(-1)?.key}\0`
  }
}

/** Parts of the transaction that writes the new name. */
export function without(earlier: readonly Known<HostValue>[]): Parts {
  return {
    when: earlier.map(({ key, modified }) => ({ key, modified })),
    do: earlier.map(({ key }) => ({ remove: { from: key } })),
  }
}
