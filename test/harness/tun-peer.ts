/**
 * A program at the other end of a tap or tun: it answers ARP and pings for every address. `node tun-peer.ts
 * NAME tap|tun [multi_queue]`, in the device's network namespace; or with the device node of a macvtap, anywhere. It runs as the user with the number
 * TUN_PEER_USER, which need not be able to read this program.
 */

import { must } from '../../shared/kernel/syscall.ts'
import { openTapNode, openTun } from './tun.ts'

const [name = '', mode = 'tap', multiQueue] = process.argv.slice(2)
const user = process.env.TUN_PEER_USER
if (user) {
  process.setgroups?.([])
  process.setuid?.(Number(user))
}
const fd = name.startsWith('/') ? openTapNode(name) : openTun(name, mode === 'tun', multiQueue !== undefined)
console.log('listening')

/** EtherTypes (IEEE 802 numbers), protocols and ICMP types (RFC 792, RFC 4443). */
const ARP = 0x0806
const [ICMP, ICMPV6] = [1, 58]
const [ECHO, ECHO_REPLY, ECHO6, ECHO6_REPLY] = [8, 0, 128, 129]
const mac = Buffer.from('02005e000009', 'hex')

const frame = Buffer.alloc(65536)
for (;;) {
  const received = frame.subarray(0, must('read a frame', 'read', fd, frame, frame.length))
  const answer = mode === 'tap' ? answerFrame(received) : answerPacket(received)
  if (answer) must('write a frame', 'write', fd, answer, answer.length)
}

function answerFrame(received: Buffer): Buffer | undefined {
  const payload = received.subarray(14)
  const answer = received.readUInt16BE(12) === ARP ? answerArp(payload) : answerPacket(payload)
  return answer && Buffer.concat([received.subarray(6, 12), mac, received.subarray(12, 14), answer])
}

/** RFC 826: the answer to a request has this program's MAC address. */
function answerArp(request: Buffer): Buffer | undefined {
  if (request.readUInt16BE(6) !== 1) return undefined
  const answer = Buffer.from(request)
  answer.writeUInt16BE(2, 6)
  answer.set(Buffer.concat([mac, request.subarray(24, 28), request.subarray(8, 18)]), 8)
  return answer
}

function answerPacket(packet: Buffer): Buffer | undefined {
  const isIpv4 = (packet[0] ?? 0) >> 4 === 4
  return isIpv4
    ? echoed(packet, { protocol: packet[9], from: 12, length: 4, header: ((packet[0] ?? 0) & 15) * 4 })
    : echoed(packet, { protocol: packet[6], from: 8, length: 16, header: 40 })
}

interface Layout {
  protocol: number | undefined
  from: number
  length: number
  header: number
}

/** An echo request with its addresses swapped; only the type changes the checksum. */
function echoed(packet: Buffer, { protocol, from, length, header }: Layout): Buffer | undefined {
  const [asked, reply] = protocol === ICMP ? [ECHO, ECHO_REPLY] : [ECHO6, ECHO6_REPLY]
  if ((protocol !== ICMP && protocol !== ICMPV6) || packet[header] !== asked) return undefined
  const answer = Buffer.from(packet)
  answer.set(packet.subarray(from + length, from + 2 * length), from)
  answer.set(packet.subarray(from, from + length), from + length)
  answer[header] = reply
  const sum = packet.readUInt16BE(header + 2) + (asked - reply) * 256 + 0xffff
  answer.writeUInt16BE(sum % 0xffff || 0xffff, header + 2)
  return answer
}
