/** A datagram of UDP as an IPv4 packet: a client without an address sends and receives such packets itself (RFC 791, RFC 768). */

import { type Address, toBytes } from '../../ip/address.ts'

/** Both ends and the content of a datagram. */
export interface UdpPacket {
  from: Address
  to: Address
  sourcePort: number
  targetPort: number
  payload: Buffer
}

const IP_HEADER = 20
const UDP_HEADER = 8
const UDP = 17
const DONT_FRAGMENT = 0x4000
/** More fragments, or an offset: the packet is a part of a datagram. */
const FRAGMENT = 0x3fff
const TIME_TO_LIVE = 64

/** The bytes of an IP packet, both checksums filled in; an Ethernet header is the caller's to add. */
export function udpPacket({ from, to, sourcePort, targetPort, payload }: UdpPacket): Buffer {
  const ends = Buffer.concat([toBytes(from), toBytes(to)])
  const udp = Buffer.alloc(UDP_HEADER)
  udp.writeUInt16BE(sourcePort, 0)
  udp.writeUInt16BE(targetPort, 2)
  udp.writeUInt16BE(UDP_HEADER + payload.length, 4)
  udp.writeUInt16BE(udpChecksum(ends, udp, payload), 6)
  return Buffer.concat([ipHeader(ends, UDP_HEADER + payload.length), udp, payload])
}

/** Without fragmentation the identification means nothing and is 0 (RFC 6864 section 4.1). */
function ipHeader(ends: Buffer, length: number): Buffer {
  const header = Buffer.alloc(IP_HEADER)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(IP_HEADER + length, 2)
  header.writeUInt16BE(DONT_FRAGMENT, 6)
  header.writeUInt8(TIME_TO_LIVE, 8)
  header.writeUInt8(UDP, 9)
  header.set(ends, 12)
  header.writeUInt16BE(~sum(header) & 0xffff, 10)
  return header
}

/** With the pseudo-header of RFC 768. A checksum of 0 is sent as all ones: 0 says that there is none. */
function udpChecksum(ends: Buffer, udp: Buffer, payload: Buffer): number {
  const pseudo = Buffer.from([0, UDP, 0, 0])
  pseudo.writeUInt16BE(udp.length + payload.length, 2)
  return ~sum(Buffer.concat([ends, pseudo, udp, payload])) & 0xffff || 0xffff
}

/** The ones' complement sum of 16-bit words (RFC 1071). */
function sum(bytes: Buffer): number {
  let total = 0
  for (let at = 0; at + 1 < bytes.length; at += 2) total += bytes.readUInt16BE(at)
  if (bytes.length % 2 === 1) total += (bytes[bytes.length - 1] as number) << 8
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}

/**
 * The payload of a datagram to a port; undefined for any other packet, for fragments, and for damaged ones. The checksum of UDP is not
 * verified: a server on this machine leaves it to the device, so it is not filled in (CHECKSUM_PARTIAL, include/linux/skbuff.h).
 */
export function payloadOf(packet: Buffer, port: number): Buffer | undefined {
  const udp = udpOf(packet)
  if (!udp || udp.length < UDP_HEADER || udp.readUInt16BE(2) !== port) return undefined
  const length = udp.readUInt16BE(4)
  return length >= UDP_HEADER && length <= udp.length ? udp.subarray(UDP_HEADER, length) : undefined
}

/** What is behind the IP header and its options, without what pads a short Ethernet frame. */
function udpOf(packet: Buffer): Buffer | undefined {
  if (packet.length < IP_HEADER || packet.readUInt8(0) >> 4 !== 4) return undefined
  const header = (packet.readUInt8(0) & 15) * 4
  const length = packet.readUInt16BE(2)
  if (header < IP_HEADER || length > packet.length) return undefined
  const isWhole = (packet.readUInt16BE(6) & FRAGMENT) === 0
  if (!isWhole || packet.readUInt8(9) !== UDP || sum(packet.subarray(0, header)) !== 0xffff) return undefined
  return packet.subarray(header, length)
}
