/** A segment with a server that says what a test wants, and a network on it: for leases of seconds, whose changes are chosen. */

import type { Attached } from './attach.ts'
import { type Network, network } from './cnitool.ts'
import { type Ear, listenOn } from './dhcp-heard.ts'
import { type Good4, good4, type Hostile, hostileOn } from './dhcp-hostile.ts'
import { quads, seconds } from './dhcp-message4.ts'
import { type Segment, type Station, segment, station } from './dhcp-segment.ts'

export interface Served {
  lan: Segment
  at: Station
  ear: Ear
  net: Network
  /** The first three numbers of all addresses. */
  prefix: string
  /** The server's address; that of clients ends in 9. */
  server: string
  yiaddr: string
}

let segments = 0

/** A segment with a station for its server, and a network of macvlans on it. */
export function newServed(keys: Record<string, unknown> = {}): Served {
  const number = ++segments
  const lan = segment(`eth${number}`)
  const prefix = `10.${number}.0`
  const server = `${prefix}.1`
  const at = station(lan, `server${number}`, `${server}/24`)
  const plugin = { type: 'macvlan', master: lan.nic, ipam: { type: 'dhcp' }, ...keys }
  return {
    lan,
    at,
    ear: listenOn(at),
    net: network(`dhcp${number}`, plugin),
    server,
    yiaddr: `${prefix}.9`,
    prefix,
  }
}

/** What a server gives: its times in seconds are the lease, T1 and T2. */
export interface Given extends Partial<Good4> {
  times?: readonly [number, number, number]
  router?: string
  mtu?: number
}

export function givenBy(at: Served, { times = [24, 1, 18], router, mtu, ...rest }: Given = {}) {
  const [lease, renew, rebind] = times
  const { server, yiaddr } = at
  const options: NonNullable<Good4['options']> = [
    [58, seconds(renew)],
    [59, seconds(rebind)],
    [3, quads(router ?? server)],
    ...(mtu === undefined ? [] : [[26, mtu.toString(16).padStart(4, '0')] as const]),
  ]
  return good4({ server, yiaddr, lease, options, ...rest })
}

/** Starts a server that gives this. */
export async function serve(at: Served, given?: Given): Promise<Hostile> {
  const server = await hostileOn(at.at, at.server)
  server.behave(givenBy(at, given))
  return server
}

/** What CHECK says. */
export async function checked({ check }: Pick<Attached, 'check'>): Promise<string> {
  return check().then(
    () => 'fine',
    (error) => String(error),
  )
}
