/** A machine behind a macvtap or ipvtap that asks for its address itself: its frames go through the device node. */

import { waitReadable } from '../../shared/kernel/clock.ts'
import type { Fd } from '../../shared/kernel/files.ts'
import { must } from '../../shared/kernel/syscall.ts'
import { decodeFrame, encodeFrame } from './dhcp-frame.ts'
import { decode4, encode4, type Form4, type Message4, type Type4 } from './dhcp-message4.ts'
import { openTapNode } from './tun.ts'

/** Starts it. @param node the device node @param mac its address @returns a function that sends a message to all, and gives the answer */
export function machine(node: string, mac: string) {
  const fd = openTapNode(node)
  const clientId = `01${mac.replaceAll(':', '')}`
  const end = { mac, address: '0.0.0.0', port: 68 }
  const all = { mac: 'ff:ff:ff:ff:ff:ff', address: '255.255.255.255', port: 67 }
  return (type: Type4, options: Form4['options'] = []): Message4 | undefined => {
    const own = { op: 1, xid: 'abcdef01', chaddr: clientId.slice(2) }
    const payload = encode4({ type, ...own, options: [[61, clientId], ...options] })
    const frame = encodeFrame({ from: end, to: all, payload: Buffer.from(payload, 'hex') })
    must('send', 'write', fd, frame, frame.length)
    return answerIn(fd, mac)
  }
}

/** The next message of DHCP for a MAC address. */
function answerIn(fd: Fd, mac: string): Message4 | undefined {
  const buffer = Buffer.alloc(65536)
  while (waitReadable(fd, 20_000)) {
    const frame = decodeFrame(buffer.subarray(0, must('read', 'read', fd, buffer, buffer.length)))
    const message = frame?.to.port === 68 ? decode4(frame.payload) : undefined
    if (message?.mac === mac) return message
  }
  return undefined
}
