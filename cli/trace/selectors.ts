/** What `meta`, `ct`, `fib` and `payload` load of a packet into a register. */

import { type Address, fromBytes, toBytes } from '../../shared/ip/address.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { ifnameBytes } from '../../shared/netlink/nftables-types.ts'
import { lookUp } from './lookup.ts'
import {
  type Byte,
  type Bytes,
  etherTypes,
  linkHeader,
  networkHeader,
  type Packet,
  protocolNumber,
  transportHeader,
} from './packet.ts'
import { type Situation, word } from './situation.ts'

/** The bytes; `break` where the kernel ends the rule without a match; undefined for a key that is not known here. */
export type Loaded = Bytes | 'break' | undefined

const both = (value: number): number[] => [value >> 8, value & 0xff]
/** NFPROTO_… and ARPHRD_…: of Ethernet, of loopback. */
const protocolFamilies = { 4: 2, 6: 10 } as const
const [ARPHRD_ETHER, ARPHRD_LOOPBACK] = [1, 772]

/** NFT_META_*, include/uapi/linux/netfilter/nf_tables.h. */
const meta: Readonly<Record<number, (situation: Situation) => Loaded>> = {
  1: ({ packet }) => both(etherTypes[packet.family]),
  3: ({ packet }) => word(packet.mark),
  4: ({ iif }) => word(iif?.index ?? 0),
  5: ({ oif }) => word(oif?.index ?? 0),
  6: ({ iif }) => [...ifnameBytes(iif?.name ?? '')],
  7: ({ oif }) => [...ifnameBytes(oif?.name ?? '')],
  8: ({ iif }) => typeOf(iif),
  9: ({ oif }) => typeOf(oif),
  12: () => [0],
  15: ({ packet }) => [protocolFamilies[packet.family]],
  16: ({ packet }) => [protocolNumber(packet)],
  17: ({ iif, netns }) => masterName(iif, netns.links()),
  18: ({ oif, netns }) => masterName(oif, netns.links()),
  19: () => [0],
  21: ({ iif }) => (iif ? word(iif.group) : 'break'),
  22: ({ oif }) => (oif ? word(oif.group) : 'break'),
  26: ({ iif }) => (iif ? [...ifnameBytes(iif.kind ?? '')] : 'break'),
  27: ({ oif }) => (oif ? [...ifnameBytes(oif.kind ?? '')] : 'break'),
}

export function loadMeta(key: number, situation: Situation): Loaded {
  return meta[key]?.(situation)
}

function typeOf(link?: Link): Loaded {
  if (!link) return 'break'
  const number = link.name === 'lo' ? ARPHRD_LOOPBACK : ARPHRD_ETHER
  return [number & 0xff, number >> 8]
}

function masterName(link: Link | undefined, links: ReadonlyMap<number, Link>): Loaded {
  const master = link?.master === undefined ? undefined : links.get(link.master)
  return master ? [...ifnameBytes(master.name)] : 'break'
}

/** NF_CT_STATE_BIT: of an invalid, an answered and a new connection, and of what is not tracked. */
const ctStates = { invalid: 1, established: 2, new: 8, untracked: 64 } as const
/** IPS_SEEN_REPLY, IPS_SRC_NAT, IPS_DST_NAT */
const [SEEN_REPLY, SRC_NAT, DST_NAT] = [2, 0x10, 0x20]

/** @param direction of the tuple that is asked for: 0 original, 1 reply */
export function loadCt(key: number, direction: number | undefined, { packet, flow }: Situation): Loaded {
  if (key === 0) return word(stateOf(packet, flow !== undefined))
  if (!flow || packet.isUntracked) return 'break'
  const { original, translated } = flow
  const has = (end: 'source' | 'destination') => original[end].value !== translated[end].value
  const hasPort = original.destinationPort !== translated.destinationPort
  const sourceBit = has('source') ? SRC_NAT : 0
  const destinationBit = has('destination') || hasPort ? DST_NAT : 0
  if (key === 1) return [packet.isReply ? 1 : 0]
  if (key === 2) return word(sourceBit | destinationBit | (packet.isReply ? SEEN_REPLY : 0))
  if (key === 3) return undefined
  if (key === 7) return [protocolFamilies[packet.family]]
  if (key === 10) return [protocolNumber(packet)]
  const own = direction === 1 ? swapped(translated) : original
  const port = (number?: number): Bytes => (number === undefined ? [undefined, undefined] : both(number))
  if ([8, 19, 21].includes(key)) return [...toBytes(own.source)]
  if ([9, 20, 22].includes(key)) return [...toBytes(own.destination)]
  if (key === 11) return port(own.sourcePort)
  if (key === 12) return port(own.destinationPort)
  return undefined
}

function swapped(packet: Packet): Packet {
  const { source, destination, sourcePort, destinationPort } = packet
  return {
    ...packet,
    ...{ source: destination, destination: source },
    ...{ sourcePort: destinationPort, destinationPort: sourcePort },
  }
}

function stateOf({ isReply, isUntracked }: Packet, isTracked: boolean): number {
  if (isUntracked) return ctStates.untracked
  if (!isTracked) return ctStates.invalid
  return isReply ? ctStates.established : ctStates.new
}

/** NFTA_FIB_F_*, NFT_FIB_RESULT_*. */
const Fib = {
  SADDR: 1,
  DADDR: 2,
  MARK: 4,
  IIF: 8,
  OIF: 16,
  PRESENT: 32,
  OIF_INDEX: 1,
  OIF_NAME: 2,
  TYPE: 3,
} as const
/** RTN_* that an address can be by itself; all others are unicast. */
const addressTypes = { local: 2, broadcast: 3, anycast: 4, multicast: 5 } as const

export function loadFib(result: number, flags: number, { netns, packet, iif }: Situation): Loaded {
  const to = flags & Fib.SADDR ? packet.source : packet.destination
  const by = flags & Fib.IIF ? iif : undefined
  const mark = flags & Fib.MARK ? packet.mark : undefined
  const found = lookUp(netns, { to, mark, ...(result !== Fib.TYPE && { oif: by }) })
  const route = 'refusal' in found ? undefined : found
  if (result === Fib.TYPE) return word(addressTypes[route?.type as keyof typeof addressTypes] ?? 1)
  const fits =
    route?.link !== undefined && (by === undefined || route.link === by.index || route.type === 'local')
  const link = fits ? (by ?? netns.links().get(route.link as number)) : undefined
  if (flags & Fib.PRESENT) return [link ? 1 : 0]
  return result === Fib.OIF_INDEX ? word(link?.index ?? 0) : [...ifnameBytes(link?.name ?? '')]
}

/** @param base NFT_PAYLOAD_*: 0 Ethernet, 1 IP, 2 above */
export function loadPayload(
  base: number,
  offset: number,
  length: number,
  { packet, from, to }: Situation,
): Loaded {
  const headers = [
    () => linkHeader(packet, from, to),
    () => networkHeader(packet),
    () => transportHeader(packet),
  ]
  const header = headers[base]?.()
  if (!header) return undefined
  return Array.from({ length }, (_, at): Byte => header[offset + at])
}

/** An address of known bytes. */
export function addressIn(bytes: Bytes): Address | undefined {
  return bytes.every((byte) => byte !== undefined) ? fromBytes(Buffer.from(bytes as number[])) : undefined
}
