/** Ethernet frames with a datagram of UDP or a message of ICMPv6, made and read byte by byte: tests send what no kernel would, and read it without the product's codecs. */

import { formatAddress, fromBytes, parseAddress, toBytes } from '../../shared/ip/address.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'

export interface End {
  mac: string
  address: string
  port: number
}

export interface UdpFrame {
  from: End
  to: End
  payload: Buffer
}

export interface IcmpFrame {
  from: Omit<End, 'port'>
  to: Omit<End, 'port'>
  /** From its type on. Its checksum is set. */
  message: Buffer
  /** Hop limit. Default: 255, which messages between neighbours must have (RFC 4861 section 6.1.2). */
  hops?: number
}

const [ETH_P_IP, ETH_P_IPV6, UDP, ICMPV6] = [0x0800, 0x86dd, 17, 58]
const ethernet = 14

/** The frame's bytes, with correct checksums. */
export function encodeFrame({ from, to, payload }: UdpFrame): Buffer {
  const [source, target] = [from.address, to.address].map(bytesOf) as [Buffer, Buffer]
  const header = Buffer.alloc(8)
  for (const [index, value] of [from.port, to.port, 8 + payload.length].entries())
    header.writeUInt16BE(value, 2 * index)
  const udp = Buffer.concat([header, payload])
  udp.writeUInt16BE(checksum(pseudo(source, target, udp.length, UDP), udp) || 0xffff, 6)
  const isIpv4 = source.length === 4
  const network = isIpv4 ? ipv4(source, target, udp.length) : ipv6(source, target, udp.length, UDP)
  return Buffer.concat([ethernetOf(from, to, isIpv4 ? ETH_P_IP : ETH_P_IPV6), network, udp])
}

/** The same with a message of ICMPv6. */
export function encodeIcmp6({ from, to, message, hops }: IcmpFrame): Buffer {
  const [source, target] = [from.address, to.address].map(bytesOf) as [Buffer, Buffer]
  const whole = Buffer.from(message)
  whole.writeUInt16BE(checksum(pseudo(source, target, whole.length, ICMPV6), whole), 2)
  const network = ipv6(source, target, whole.length, ICMPV6, hops)
  return Buffer.concat([ethernetOf(from, to, ETH_P_IPV6), network, whole])
}

/** The type of a message of ICMPv6; undefined for other frames. */
export function icmp6Type(frame: Buffer): number | undefined {
  if (frame.length < ethernet + 41 || frame.readUInt16BE(12) !== ETH_P_IPV6) return undefined
  return frame[ethernet + 6] === ICMPV6 ? frame[ethernet + 40] : undefined
}

function ethernetOf(from: Omit<End, 'port'>, to: Omit<End, 'port'>, etherType: number): Buffer {
  const type = Buffer.alloc(2)
  type.writeUInt16BE(etherType)
  return Buffer.concat([macOf(to.mac), macOf(from.mac), type])
}

/** What a frame carries; undefined for all that is not UDP over IPv4 or IPv6. */
export function decodeFrame(frame: Buffer): UdpFrame | undefined {
  if (frame.length < ethernet + 28) return undefined
  const isIpv6 = frame.readUInt16BE(12) === ETH_P_IPV6
  if (!isIpv6 && frame.readUInt16BE(12) !== ETH_P_IP) return undefined
  const ip = frame.subarray(ethernet)
  if (ip[isIpv6 ? 6 : 9] !== UDP) return undefined
  const [first, size] = isIpv6 ? [8, 16] : [12, 4]
  const udp = ip.subarray(isIpv6 ? 40 : 4 * ((ip[0] ?? 0) & 15))
  if (udp.length < 8) return undefined
  const end = (mac: number, address: number, port: number): End => ({
    mac: formatMac(frame.subarray(mac, mac + 6)),
    address: formatAddress(fromBytes(Buffer.from(ip.subarray(address, address + size)))),
    port: udp.readUInt16BE(port),
  })
  const payload = Buffer.from(udp.subarray(8, udp.readUInt16BE(4)))
  return { from: end(6, first, 0), to: end(0, first + size, 2), payload }
}

function bytesOf(text: string): Buffer {
  const address = parseAddress(text)
  if (!address) throw new Error(`no address: ${text}`)
  return toBytes(address)
}

function macOf(text: string): Buffer {
  const mac = parseMac(text)
  if (!mac) throw new Error(`no MAC address: ${text}`)
  return mac
}

/** RFC 791 section 3.1. */
function ipv4(source: Buffer, target: Buffer, length: number): Buffer {
  const header = Buffer.concat([Buffer.from('450000000000000040110000', 'hex'), source, target])
  header.writeUInt16BE(20 + length, 2)
  header.writeUInt16BE(checksum(header), 10)
  return header
}

/** RFC 8200 section 3. */
function ipv6(source: Buffer, target: Buffer, length: number, protocol: number, hops = 255): Buffer {
  const header = Buffer.concat([Buffer.from([0x60, 0, 0, 0, 0, 0, protocol, hops]), source, target])
  header.writeUInt16BE(length, 4)
  return header
}

/** RFC 768 and RFC 8200 section 8.1. Their forms differ in zeros alone, which do not count. */
function pseudo(source: Buffer, target: Buffer, length: number, protocol: number): Buffer {
  const end = Buffer.from([0, 0, 0, protocol])
  end.writeUInt16BE(length, 0)
  return Buffer.concat([source, target, end])
}

/** RFC 1071. */
function checksum(...parts: Buffer[]): number {
  let sum = 0
  for (const part of parts)
    for (const [index, byte] of part.entries()) sum += index % 2 === 0 ? byte << 8 : byte
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}
