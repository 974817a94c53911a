/** Telling the neighbours: a gratuitous ARP (RFC 5227 section 2.3) or unsolicited neighbour advertisement (RFC 4861 section 7.2.6) for each address. */

import { type Address, toBytes } from '../ip/address.ts'
import { parseMac } from '../ip/mac.ts'
import { close } from '../kernel/files.ts'
import { must } from '../kernel/syscall.ts'

const AF_PACKET = 17
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000

const broadcast = Buffer.alloc(6, 0xff)
/** All nodes: 33:33:00:00:00:01 and ff02::1 (RFC 2464, RFC 4291). */
const allNodesMac = Buffer.from('333300000001', 'hex')
const allNodes = Buffer.from(`ff02${'0'.repeat(27)}1`, 'hex')

/** Sends the announcements of an interface's addresses; the caller is in the interface's namespace. Equivalent to `arping -U`. */
export function announce(link: { index: number; name: string; mac: string }, addresses: Address[]): void {
  const mac = parseMac(link.mac)
  if (!mac || addresses.length === 0) return
  const fd = must('open a packet socket', 'socket', AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)
  try {
    for (const address of addresses) sendFrame(fd, link, frame(mac, address))
  } finally {
    close(fd)
  }
}

/** struct sockaddr_ll: family, protocol, ifindex; the rest is in the frame. */
function sendFrame(fd: number, link: { index: number; name: string }, data: Buffer): void {
  const to = Buffer.alloc(20)
  to.writeUInt16LE(AF_PACKET, 0)
  to.writeInt32LE(link.index, 4)
  must(`announce the addresses of ${link.name}`, 'sendto', fd, data, data.length, 0, to, to.length)
}

/** The Ethernet frame that announces an address. */
export function frame(mac: Buffer, address: Address): Buffer {
  return address.family === 4
    ? gratuitousArp(mac, toBytes(address))
    : neighbourAdvertisement(mac, toBytes(address))
}

/** An ARP request for the own address, as RFC 5227 wants an announcement: target hardware address zero. */
function gratuitousArp(mac: Buffer, ip: Buffer): Buffer {
  const ethernet = Buffer.concat([broadcast, mac, Buffer.from('0806', 'hex')])
  const ethernetIPv4Request = Buffer.from('0001080006040001', 'hex')
  return Buffer.concat([ethernet, ethernetIPv4Request, mac, ip, Buffer.alloc(6), ip])
}

/** A neighbour advertisement to all nodes, override flag set, with the target link-layer address option. */
function neighbourAdvertisement(mac: Buffer, ip: Buffer): Buffer {
  const icmp = Buffer.concat([Buffer.from('8800000020000000', 'hex'), ip, Buffer.from([2, 1]), mac])
  const pseudo = Buffer.concat([ip, allNodes, Buffer.from([0, 0, 0, icmp.length, 0, 0, 0, 58])])
  icmp.writeUInt16BE(checksum(Buffer.concat([pseudo, icmp])), 2)
  const header = Buffer.concat([Buffer.from([0x60, 0, 0, 0, 0, icmp.length, 58, 255]), ip, allNodes])
  return Buffer.concat([allNodesMac, mac, Buffer.from('86dd', 'hex'), header, icmp])
}

/** The Internet checksum (RFC 1071) of an even number of bytes. */
function checksum(data: Buffer): number {
  let sum = 0
  for (let at = 0; at < data.length; at += 2) sum += data.readUInt16BE(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}
