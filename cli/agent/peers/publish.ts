/** What this host publishes of a VNI: its VTEP, and its attachments. */

import type { Operation } from '../../../shared/store/protocol.ts'
import type { FollowedRange } from './range.ts'
import { canonical, type Told } from './told.ts'
import type { Peer, RemoteNeighbour } from './values.ts'

/** What the store has and is to have, by keys below the prefixes of a VNI. */
export interface Published {
  vteps: Map<string, Peer>
  neighbours: Map<string, RemoteNeighbour>
}

/** A key to write, or to remove. */
export interface Writing {
  range: 'vteps' | 'neighbours'
  key: string
  /** In the form in which it is read. */
  value?: Peer | RemoteNeighbour
  /** What the key gets. */
  text?: string
}

/** @param mac that of the VTEP */
export function toPublish(host: string, { address, port, attached }: Told, mac: string): Published {
  const own = canonical(address)
  const family = own.includes(':') ? 6 : 4
  const neighbours = new Map(
    attached.map(({ mac, addresses }): [string, RemoteNeighbour] => [
      `${host}/${mac}`,
      { host, mac, addresses: addresses.map(canonical).sort(), modified: 0 },
    ]),
  )
  return { vteps: new Map([[host, { host, address: own, family, port, mac }]]), neighbours }
}

/** The VTEP first: other hosts take no neighbour without it. @param since the time for people */
export function writingsOf(
  host: string,
  wanted: Published,
  ranges: { vteps: FollowedRange<Peer>; neighbours: FollowedRange<RemoteNeighbour> },
  since: string,
): Writing[] {
  const writings: Writing[] = []
  for (const [key, value] of wanted.vteps) {
    const there = ranges.vteps.values().get(key)
    if (there && samePeer(there, value)) continue
    const { address, mac, port } = value
    writings.push({ range: 'vteps', key, value, text: JSON.stringify({ address, mac, port, since }) })
  }
  for (const [key, value] of wanted.neighbours) {
    const there = ranges.neighbours.values().get(key)
    if (there && [...there.addresses].sort().join() === value.addresses.join()) continue
    const { mac, addresses } = value
    writings.push({ range: 'neighbours', key, value, text: JSON.stringify({ mac, addresses }) })
  }
  const begin = `${host}/`
  for (const keys of [ranges.neighbours.values().keys(), ranges.neighbours.wrongs().keys()])
    for (const key of keys)
      if (key.startsWith(begin) && !wanted.neighbours.has(key)) writings.push({ range: 'neighbours', key })
  return writings
}

function samePeer(one: Peer, other: Peer): boolean {
  return one.address === other.address && one.port === other.port && one.mac === other.mac
}

/** @param prefix of the range's keys */
export function operationOf({ key, text }: Writing, prefix: string): Operation {
  if (text === undefined) return { remove: { from: prefix + key } }
  return { put: { key: prefix + key, value: text } }
}
