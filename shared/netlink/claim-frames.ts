/** Frames that claim an address for a MAC address, so that neighbours update their caches: RFC 5227 section 3, RFC 4861 section 7.2.6. */

import { type Address, toBytes } from '../ip/address.ts'
import { ETHERTYPE, ethernet, icmpv6 } from './probe-frames.ts'

/** Gratuitous ARP as a reply, or an unsolicited neighbour advertisement. */
export function claimFrame(address: Address, mac: Buffer): Buffer {
  return address.family === 4 ? gratuitousArp(address, mac) : advertisement(address, mac)
}

/** Linux takes a reply as gratuitous only if its target has the sender's MAC address (arp_is_garp, net/ipv4/arp.c). */
function gratuitousArp(address: Address, mac: Buffer): Buffer {
  const [head, ip] = [Buffer.from('0001080006040002', 'hex'), toBytes(address)]
  return ethernet(Buffer.alloc(6, 0xff), mac, ETHERTYPE.ARP, Buffer.concat([head, mac, ip, mac, ip]))
}

const ADVERTISEMENT = 136
/** Replaces what a cache has. */
const OVERRIDE = 0x20

/** To all nodes, with the MAC address as an option. */
function advertisement(address: Address, mac: Buffer): Buffer {
  const target = toBytes(address)
  const head = Buffer.from([ADVERTISEMENT, 0, 0, 0, OVERRIDE, 0, 0, 0])
  const message = Buffer.concat([head, target, Buffer.from([2, 1]), mac])
  const allNodes = Buffer.from('ff020000000000000000000000000001', 'hex')
  const to = Buffer.from('333300000001', 'hex')
  return ethernet(to, mac, ETHERTYPE.IPV6, icmpv6(target, allNodes, message))
}
