/** Ethernet frames with a datagram of UDP, made and read byte by byte: tests send what no kernel would, and read it without the product's codecs. */

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

const [ETH_P_IP, ETH_P_IPV6, UDP] = [0x0800, 0x86dd, 17]
const ethernet = 14

/** The frame's bytes, with correct checksums. */
export function encodeFrame({ from, to, payload }: UdpFrame): Buffer {
  const [source, target] = [from.address, to.address].map(bytesOf) as [Buffer, Buffer]
  const header = Buffer.alloc(8)
  for (const [index, value] of [from.port, to.port, 8 + payload.length].entries())
    header.writeUInt16BE(value, 2 * index)
  const udp = Buffer.concat([header, payload])
  udp.writeUInt16BE(checksum(pseudo(source, target, udp.length), udp) || 0xffff, 6)
  const isIpv4 = source.length === 4
  const type = Buffer.alloc(2)
  type.writeUInt16BE(isIpv4 ? ETH_P_IP : ETH_P_IPV6)
  const network = isIpv4 ? ipv4(source, target, udp.length) : ipv6(source, target, udp.length)
  return Buffer.concat([macOf(to.mac), macOf(from.mac), type, network, udp])
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
function ipv6(source: Buffer, target: Buffer, length: number): Buffer {
  const header = Buffer.concat([Buffer.from('60000000000011ff', 'hex'), source, target])
  header.writeUInt16BE(length, 4)
  return header
}

/** RFC 768 and RFC 8200 section 8.1. Their forms differ in zeros alone, which do not count. */
function pseudo(source: Buffer, target: Buffer, length: number): Buffer {
  const end = Buffer.from([0, 0, 0, UDP])
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
