/** A server that answers what a test wants, byte by byte, and is silent otherwise. */

import type { Family } from '../../shared/ip/address.ts'
import { writeFile } from '../../shared/kernel/durable.ts'
import { encode4, type Form4, quads, seconds, type Type4 } from './dhcp-message4.ts'
import type { Type6 } from './dhcp-message6.ts'
import type { Station } from './dhcp-segment.ts'
import { filesOf, type Server, serverIn } from './dhcp-server.ts'

/** A message, as `encode4`, `encode6` and `advertisement` make it: hexadecimal, with names in braces for what is taken from the client's message. */
export interface Reply {
  bytes: string
  /** How many times it is sent. Default: once. */
  times?: number
  /** The source in the place of the server's own: an address, a port. */
  from?: string
  port?: number
  /** Of a router's advertisement: the hop limit. Default: 255. */
  hops?: number
}

/** What each message of a client is answered with: the first one of its type with the first list, and so on; later ones with the last list. */
export type Behaviour = Partial<Record<Type4 | Type6 | 'ROUTER-SOLICITATION', readonly (readonly Reply[])[]>>

/** What the server's program is told. */
export interface HostilePlan {
  family: Family
  link: { name: string; index: number; mac: string }
  /** The server's address. */
  address: string
  /** A file with the Behaviour, which is read for each message. */
  behaviour: string
}

export interface Hostile extends Server {
  /** From the next message on, and counts anew. */
  behave(behaviour: Behaviour): void
}

/** Starts the server of a family on a station's NIC; that of IPv6 is a router, too. Until it is told how to behave it is silent. @param address of the NIC: with IPv6 a link-local one */
export async function hostileOn(at: Station, address: string): Promise<Hostile> {
  const files = filesOf('hostile')
  const behaviour = `${files}.json`
  // Atomically: the server may read it now, for a message of an earlier test.
  const behave = (wanted: Behaviour) => writeFile(behaviour, JSON.stringify(wanted))
  behave({})
  const link = { name: at.ifname, index: at.index, mac: at.mac }
  const plan: HostilePlan = { family: address.includes(':') ? 6 : 4, link, address, behaviour }
  const program = new URL('dhcp-hostile-server.ts', import.meta.url).pathname
  const args = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(plan)]
  const server = await serverIn(at, files, { file: process.execPath, args, ready: 'listening' })
  return { ...server, behave }
}

/** What a good server's answers have, to be spoilt. */
export interface Good4 {
  server: string
  yiaddr: string
  mask?: string
  /** Seconds. */
  lease?: number
  options?: Form4['options']
}

/** A good answer, but for what `spoil` changes. */
export function answer4(type: Type4, good: Good4, spoil: Partial<Form4> = {}): Reply {
  const { server, yiaddr, mask = '255.255.255.0', lease = 120, options = [] } = good
  const usual = [[54, quads(server)] as const, [51, seconds(lease)] as const, [1, quads(mask)] as const]
  return { bytes: encode4({ type, yiaddr, options: [...usual, ...options], ...spoil }) }
}

/** OFFER and ACK of a good server, for a Behaviour in which something else is wrong. */
export function good4(good: Good4): Behaviour {
  return { DISCOVER: [[answer4('OFFER', good)]], REQUEST: [[answer4('ACK', good)]] }
}
