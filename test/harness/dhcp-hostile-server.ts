/** The program of a hostile server (dhcp-hostile.ts): waits for clients' messages on a packet socket, and answers as a file says. */

import { readFileSync, writeSync } from 'node:fs'
import { must } from '../../shared/kernel/syscall.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { openPacketSocket, receiveFrames, sendFrame } from '../../shared/netlink/packet.ts'
import { decodeFrame, type End, encodeFrame, encodeIcmp6, icmp6Type, type UdpFrame } from './dhcp-frame.ts'
import type { Behaviour, HostilePlan, Reply } from './dhcp-hostile.ts'
import { decode4 } from './dhcp-message4.ts'
import { decode6 } from './dhcp-message6.ts'

const plan: HostilePlan = JSON.parse(process.argv[2] ?? '')
const { family, link, address } = plan
const [client, server] = family === 4 ? [68, 67] : [546, 547]

/** The kernel would say that nothing listens at the port. What it gets here is not read. */
function occupyPort(): void {
  const [AF_INET, AF_INET6, SOCK_DGRAM] = [2, 10, 2]
  const sockaddr = Buffer.alloc(28)
  sockaddr.writeUInt16LE(family === 4 ? AF_INET : AF_INET6, 0)
  sockaddr.writeUInt16BE(server, 2)
  const fd = must('open a socket', 'socket', family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0)
  must('take the port', 'bind', fd, sockaddr, family === 4 ? 16 : 28)
}

let [text, counts] = ['', new Map<string, number>()]

/** What a message of a type is answered with now. */
function repliesTo(type: string): readonly Reply[] {
  const now = readFileSync(plan.behaviour, 'utf8')
  if (now !== text) [text, counts] = [now, new Map()]
  const lists = (JSON.parse(now) as Behaviour)[type as keyof Behaviour] ?? []
  const nth = counts.get(type) ?? 0
  counts.set(type, nth + 1)
  return lists[Math.min(nth, lists.length - 1)] ?? []
}

/** A client's message: its type, what stands for the names in braces, and where answers go. */
interface Asked {
  type: string | undefined
  names: Record<string, string>
  to: End
}

function asked(frame: UdpFrame): Asked | undefined {
  return family === 4 ? asked4(frame) : asked6(frame)
}

/** RFC 2131 section 4.1: to the client's address, to all, or to the MAC address of the client that has no address yet. */
function asked4({ from, payload }: UdpFrame): Asked | undefined {
  const message = decode4(payload)
  if (!message) return undefined
  const { type, xid, ciaddr, isBroadcast, mac } = message
  const all = { mac: 'ff:ff:ff:ff:ff:ff', address: '255.255.255.255', port: client }
  const toOne = ciaddr === '0.0.0.0' ? { ...all, mac } : { mac: from.mac, address: ciaddr, port: client }
  const names = { xid, chaddr: mac.replaceAll(':', ''), client: message.options[61] ?? '' }
  return { type, names, to: isBroadcast ? all : toOne }
}

function asked6({ from, payload }: UdpFrame): Asked | undefined {
  const message = decode6(payload)
  if (!message) return undefined
  const { type, xid, client: duid = '', iaids } = message
  const length = (duid.length / 2).toString(16).padStart(4, '0')
  return { type, names: { xid, client: `0001${length}${duid}`, iaid: iaids[0] ?? '00000000' }, to: from }
}

function answer(fd: number, { type = '', names, to }: Asked): void {
  for (const { bytes, times = 1, from = address, port = server } of repliesTo(type)) {
    const whole = bytes.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? '')
    const source = { mac: link.mac, address: from, port }
    const frame = encodeFrame({ from: source, to, payload: Buffer.from(whole, 'hex') })
    for (let sent = 0; sent < times; sent++) sendFrame(fd, frame)
  }
}

/** RFC 4861 sections 4.1 and 6.2.6: a router's advertisements are for all. */
const ROUTER_SOLICITATION = 133
const allNodes = { mac: '33:33:00:00:00:01', address: 'ff02::1' }

function advertise(fd: number): void {
  for (const { bytes, times = 1, from = address, hops } of repliesTo('ROUTER-SOLICITATION')) {
    const source = { mac: link.mac, address: from }
    const frame = encodeIcmp6({ from: source, to: allNodes, message: Buffer.from(bytes, 'hex'), hops })
    for (let sent = 0; sent < times; sent++) sendFrame(fd, frame)
  }
}

occupyPort()
const fd = openPacketSocket(link as Link)
writeSync(1, 'listening\n')
receiveFrames(fd, 2 ** 31, (bytes) => {
  if (icmp6Type(bytes) === ROUTER_SOLICITATION) advertise(fd)
  const frame = decodeFrame(bytes)
  if (!frame || frame.to.port !== server || frame.from.mac === link.mac) return undefined
  const message = asked(frame)
  if (message) answer(fd, message)
  return undefined
})
