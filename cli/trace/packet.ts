/** The packet that is traced: its headers as bytes, of which some are not known, and what the kernel remembers of it in a namespace. */

import type { StreamData } from 'netlink/dist/structs.js'
import { type Address, type Family, toBytes } from '../../shared/ip/address.ts'
import { parseMac } from '../../shared/ip/mac.ts'

export type { StreamData }

export type Protocol = 'tcp' | 'udp' | 'icmp'

export interface Packet {
  family: Family
  protocol: Protocol
  source: Address
  destination: Address
  /** Of TCP and UDP. Undefined: any; the kernel chooses the source's. */
  sourcePort?: number
  destinationPort?: number
  /** The packet answers the first one of its connection. */
  isReply: boolean
  mark: number
  /** A rule took it out of connection tracking. */
  isUntracked: boolean
}

/** A packet's addresses and ports before and after the translations of one namespace. */
export interface Translation {
  from: Packet
  to: Packet
}

/** A byte that is not known. */
export const unknown = undefined
export type Byte = number | undefined
export type Bytes = readonly Byte[]

export const protocolNumbers = { 4: { tcp: 6, udp: 17, icmp: 1 }, 6: { tcp: 6, udp: 17, icmp: 58 } } as const
/** ETH_P_IP, ETH_P_IPV6 */
export const etherTypes = { 4: 0x0800, 6: 0x86dd } as const

export function protocolNumber({ family, protocol }: Packet): number {
  return protocolNumbers[family][protocol]
}

const unknowns = (count: number): Byte[] => Array(count).fill(unknown)
const both = (value: number): Byte[] => [value >> 8, value & 0xff]

/** The Ethernet header. */
export function linkHeader({ family }: Packet, from?: string, to?: string): Bytes {
  const bytes = (mac?: string) => [...((mac && parseMac(mac)) || unknowns(6))]
  return [...bytes(to), ...bytes(from), ...both(etherTypes[family])]
}

/** The header of IPv4 (RFC 791) or IPv6 (RFC 8200). */
export function networkHeader(packet: Packet): Bytes {
  const addresses = [...toBytes(packet.source), ...toBytes(packet.destination)]
  const protocol = protocolNumber(packet)
  if (packet.family === 6) return [0x60, 0, ...unknowns(4), protocol, unknown, ...addresses]
  return [0x45, 0, ...unknowns(4), 0x40, 0, unknown, protocol, ...unknowns(2), ...addresses]
}

/** SYN, and SYN with ACK (RFC 9293 section 3.1). */
const [SYN, SYN_ACK] = [0x02, 0x12]
/** Types of echo request and echo reply (RFC 792, RFC 4443). */
const echo = { 4: [8, 0], 6: [128, 129] } as const

/** The header above IP: of a connection's first packet, or of the first answer. */
export function transportHeader(packet: Packet): Bytes {
  const { family, protocol, sourcePort, destinationPort, isReply } = packet
  if (protocol === 'icmp') return [echo[family][isReply ? 1 : 0], 0, ...unknowns(6)]
  const port = (number?: number) => (number === undefined ? unknowns(2) : both(number))
  const ports = [...port(sourcePort), ...port(destinationPort)]
  if (protocol === 'udp') return [...ports, ...unknowns(4)]
  return [...ports, ...unknowns(8), unknown, isReply ? SYN_ACK : SYN, ...unknowns(6)]
}

/** The first answer to a packet, as the program at its destination sends it. */
export function answerTo(packet: Packet): Packet {
  const { source, destination, sourcePort, destinationPort } = packet
  return {
    ...packet,
    ...{ source: destination, destination: source, mark: 0, isReply: true, isUntracked: false },
    ...{ sourcePort: destinationPort, destinationPort: sourcePort },
  }
}
