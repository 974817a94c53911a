/** Probe frames for an address, and frames that show that another machine has it: RFC 5227, RFC 4862 section 5.4. */

import { type Address, fromBytes, sameAddress, toBytes } from '../ip/address.ts'

export const ETHERTYPE = { ARP: 0x0806, IPV6: 0x86dd } as const
const BROADCAST = Buffer.from('ffffffffffff', 'hex')
const ETHERNET = 14

/** An ARP or neighbour discovery probe: the sender's address is zero, so it claims nothing. */
export function probeFrame(address: Address, mac: Buffer): Buffer {
  return address.family === 4 ? arpProbe(address, mac) : neighbourSolicitation(address, mac)
}

/** The MAC address of another machine that has the address or probes for it, if the frame shows one. */
export function claimant(frame: Buffer, address: Address, own: Buffer): Buffer | undefined {
  const from = frame.subarray(6, 12)
  if (frame.length < ETHERNET || from.equals(own)) return undefined
  const claims = address.family === 4 ? claimsByArp : claimsByNeighbourDiscovery
  return claims(frame, address) ? Buffer.from(from) : undefined
}

/** An Ethernet frame. */
export function ethernet(to: Buffer, from: Buffer, type: number, payload: Buffer): Buffer {
  const kind = Buffer.alloc(2)
  kind.writeUInt16BE(type)
  return Buffer.concat([to, from, kind, payload])
}

/** RFC 5227 section 2.1.1: the sender's protocol address is all zero, so caches learn nothing from it. */
function arpProbe(address: Address, mac: Buffer): Buffer {
  const head = Buffer.from('0001080006040001', 'hex')
  const payload = Buffer.concat([head, mac, Buffer.alloc(4), Buffer.alloc(6), toBytes(address)])
  return ethernet(BROADCAST, mac, ETHERTYPE.ARP, payload)
}

/** The sender's address is the address, or the frame is another machine's probe for it (RFC 5227 section 2.1.1). */
function claimsByArp(frame: Buffer, address: Address): boolean {
  if (frame.readUInt16BE(12) !== ETHERTYPE.ARP || frame.length < ETHERNET + 28) return false
  const [sender, target] = [28, 38].map((at) => fromBytes(frame.subarray(at, at + 4)))
  if (!sender || !target) return false
  return sameAddress(sender, address) || (sender.value === 0n && sameAddress(target, address))
}

const ICMPV6 = 58
const SOLICITATION = 135
const ADVERTISEMENT = 136

/** RFC 4861 section 4.3, from the unspecified address to the solicited-node group. */
function neighbourSolicitation(address: Address, mac: Buffer): Buffer {
  const target = toBytes(address)
  const tail = target.subarray(13)
  const group = Buffer.concat([Buffer.from('ff0200000000000000000001ff', 'hex'), tail])
  const message = Buffer.concat([Buffer.from([SOLICITATION, 0, 0, 0, 0, 0, 0, 0]), target])
  const to = Buffer.concat([Buffer.from('3333ff', 'hex'), tail])
  return ethernet(to, mac, ETHERTYPE.IPV6, icmpv6(Buffer.alloc(16), group, message))
}

/** A packet of neighbour discovery (RFC 4861): hop limit 255. The message's checksum is filled in. */
export function icmpv6(from: Buffer, to: Buffer, message: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt8(0x60, 0)
  header.writeUInt16BE(message.length, 4)
  header.writeUInt8(ICMPV6, 6)
  header.writeUInt8(255, 7)
  const addresses = Buffer.concat([from, to])
  message.writeUInt16BE(checksum(addresses, message), 2)
  return Buffer.concat([header, addresses, message])
}

/** The Internet checksum with IPv6's pseudo-header (RFC 8200 section 8.1). */
function checksum(addresses: Buffer, message: Buffer): number {
  const pseudo = Buffer.from([0, 0, 0, message.length, 0, 0, 0, ICMPV6])
  const all = Buffer.concat([addresses, pseudo, message])
  let sum = 0
  for (let at = 0; at < all.length; at += 2) sum += all.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}

/** An advertisement of the address, or a solicitation from the unspecified address: another machine's duplicate address detection. */
function claimsByNeighbourDiscovery(frame: Buffer, address: Address): boolean {
  if (frame.readUInt16BE(12) !== ETHERTYPE.IPV6 || frame.length < ETHERNET + 40 + 24) return false
  const [type, source] = [frame[54], fromBytes(frame.subarray(22, 38))]
  if (frame[20] !== ICMPV6 || !sameAddress(fromBytes(frame.subarray(62, 78)), address)) return false
  return type === ADVERTISEMENT || (type === SOLICITATION && source.value === 0n)
}
