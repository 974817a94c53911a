/** What a VTEP's entries are to be, from what the hosts publish. */

import type { Remote } from '../../../shared/netlink/vtep-entries.ts'
import { type Entries, remoteKey } from './differences.ts'
import type { Peer, RemoteNeighbour } from './values.ts'

/** What this host has of a VNI. */
export interface Local {
  host: string
  /** Where its VTEP receives, in canonical form. */
  address: string
  /** All addresses of this host: frames to one of them would come back as if another host had sent them. */
  addresses: ReadonlySet<string>
  family: 4 | 6
  port: number
  /** The link that the VTEP is bound to. */
  via?: number
  /** The VTEP answers for neighbours. */
  proxy: boolean
  /** MAC and IP addresses of this host's attachments, and what an operator has written: no other host's entry takes their place. */
  taken: ReadonlySet<string>
}

export interface Wanted {
  entries: Entries
  /** What is left out and why, by host or address. */
  wrongs: Map<string, string>
}

/** The MAC and IP addresses that a neighbour claims. */
export function claimsOf({ mac, addresses }: RemoteNeighbour): string[] {
  return [mac, ...addresses]
}

/** The neighbours that claim one of some addresses. Thousands are looked at. */
export function* concerning(
  claims: ReadonlySet<string>,
  neighbours: Iterable<RemoteNeighbour>,
): Iterable<RemoteNeighbour> {
  for (const one of neighbours)
    if (claims.has(one.mac) || one.addresses.some((address) => claims.has(address))) yield one
}

/**
 * The entries for all that neighbours claim. For some claims it is enough to give the neighbours `concerning` them; the entries for others are to be
 * left out then.
 */
export function wantedOf(local: Local, peers: Iterable<Peer>, neighbours: Iterable<RemoteNeighbour>): Wanted {
  const wrongs = new Map<string, string>()
  const remotes = remotesOf(local, peers, wrongs)
  const entries: Entries = { flood: new Map(), fdb: new Map(), neighbours: new Map() }
  for (const remote of remotes.values()) entries.flood.set(remoteKey(remote), remote)
  const [macs, holders] = [new Map<string, RemoteNeighbour>(), new Map<string, RemoteNeighbour>()]
  for (const neighbour of neighbours) {
    const { host, mac, addresses } = neighbour
    const remote = remotes.get(host)
    if (!remote) continue
    if (local.taken.has(mac))
      wrongs.set(mac, `${host} publishes it, and this host has it: one of the two may be unreachable`)
    else if (putIfNewest(macs, mac, neighbour)) entries.fdb.set(mac, remote)
    if (!local.proxy || local.taken.has(mac)) continue
    for (const address of addresses) {
      if (local.addresses.has(address))
        wrongs.set(address, `${host} publishes it, and it is an address of this host itself`)
      else if (local.taken.has(address))
        wrongs.set(address, `${host} publishes it, and this host has it: two containers have one address`)
      else if (putIfNewest(holders, address, neighbour)) entries.neighbours.set(address, mac)
    }
  }
  return { entries, wrongs }
}

/**
 * Puts a neighbour in as the holder of a MAC or IP address, unless a newer one is. Of those of one revision the last in the order of their hosts'
 * names counts. They are not sorted: there may be 100,000, looked at in each pass.
 */
function putIfNewest(
  holders: Map<string, RemoteNeighbour>,
  claim: string,
  neighbour: RemoteNeighbour,
): boolean {
  const before = holders.get(claim)
  if (before && !isOlder(before, neighbour)) return false
  holders.set(claim, neighbour)
  return true
}

function isOlder(one: RemoteNeighbour, other: RemoteNeighbour): boolean {
  return one.modified < other.modified || (one.modified === other.modified && one.host <= other.host)
}

function remotesOf(local: Local, peers: Iterable<Peer>, wrongs: Map<string, string>): Map<string, Remote> {
  const remotes = new Map<string, Remote>()
  const holders = new Map<string, string>()
  for (const { host, address, family, port } of peers) {
    if (host === local.host) continue
    const other = holders.get(address)
    if (family !== local.family)
      wrongs.set(host, `${address} is no IPv${local.family} address, as this host's VTEP needs it`)
    else if (address === local.address || local.addresses.has(address))
      wrongs.set(host, `it publishes ${address}, an address of this host: release the one that is gone`)
    else {
      if (other) wrongs.set(host, `it publishes ${address}, as ${other} does: release the one that is gone`)
      else holders.set(address, host)
      remotes.set(host, { dst: address, port: port === local.port ? undefined : port, via: local.via })
    }
  }
  return remotes
}
