/** What a VTEP's entries lack, and what they have besides, compared with what the store says. */

import type { Remote } from '../../../shared/netlink/vtep-entries.ts'

/** Entries of a VTEP. */
export interface Entries {
  /** The remotes that get broadcasts and frames to unknown addresses, by `remoteKey`. */
  flood: Map<string, Remote>
  /** The remote of each MAC address. */
  fdb: Map<string, Remote>
  /** The MAC address of each IP address that the VTEP answers for. */
  neighbours: Map<string, string>
}

/** One change. `remove` has what is there now. */
export type Difference =
  | { kind: 'flood'; set?: Remote; remove?: Remote }
  | { kind: 'fdb'; mac: string; set?: Remote; remove?: Remote }
  | { kind: 'neighbour'; address: string; set?: string; remove?: string }

export function remoteKey({ dst, port, via }: Remote): string {
  return `${dst} ${port ?? ''} ${via ?? ''}`
}

/** Without `remoteKey`, which makes a string: a pass compares thousands. */
function isSameRemote(one: Remote, other: Remote): boolean {
  return one.dst === other.dst && one.port === other.port && one.via === other.via
}

/** What tells a removal from others: it waits for its time under this. */
export function differenceKey(difference: Difference): string {
  if (difference.kind === 'neighbour') return difference.address
  if (difference.kind === 'fdb') return difference.mac
  return remoteKey(difference.remove ?? difference.set ?? { dst: '' })
}

/** In the order in which they are made: where frames go is known before they are sent there, and what is wrong goes last. */
export function differencesOf(wanted: Entries, actual: Entries): Difference[] {
  const sets: Difference[] = []
  const removals: Difference[] = []
  for (const [mac, set] of wanted.fdb) {
    const there = actual.fdb.get(mac)
    if (!there || !isSameRemote(there, set)) sets.push({ kind: 'fdb', mac, set })
  }
  for (const [address, set] of wanted.neighbours)
    if (actual.neighbours.get(address) !== set) sets.push({ kind: 'neighbour', address, set })
  for (const [key, set] of wanted.flood) if (!actual.flood.has(key)) sets.push({ kind: 'flood', set })
  for (const [address, remove] of actual.neighbours)
    if (!wanted.neighbours.has(address)) removals.push({ kind: 'neighbour', address, remove })
  for (const [mac, remove] of actual.fdb)
    if (!wanted.fdb.has(mac)) removals.push({ kind: 'fdb', mac, remove })
  for (const [key, remove] of actual.flood)
    if (!wanted.flood.has(key)) removals.push({ kind: 'flood', remove })
  return [...sets, ...removals]
}

/** Of entries those of some MAC and IP addresses: remotes for unknown ones are not among them. */
export function only(claims: ReadonlySet<string>, { fdb, neighbours }: Entries): Entries {
  return { flood: new Map(), fdb: part(fdb, claims), neighbours: part(neighbours, claims) }
}

function part<T>(map: Map<string, T>, keys: ReadonlySet<string>): Map<string, T> {
  const found = new Map<string, T>()
  for (const key of keys) {
    const value = map.get(key)
    if (value !== undefined) found.set(key, value)
  }
  return found
}

/** Notes in `actual` that differences were made. */
export function apply(actual: Entries, differences: readonly Difference[]): void {
  for (const one of differences) {
    if (one.kind === 'neighbour') change(actual.neighbours, one.address, one.set)
    else if (one.kind === 'fdb') change(actual.fdb, one.mac, one.set)
    else change(actual.flood, differenceKey(one), one.set)
  }
}

function change<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}
