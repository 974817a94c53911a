/** Where a packet is when rules look at it. */

import type { Link } from '../../shared/netlink/link.ts'
import type { Netns } from './netns.ts'
import type { Byte, Packet } from './packet.ts'

/** NF_INET_…, include/uapi/linux/netfilter.h; those of the family bridge have the same numbers. */
export const hookNumbers = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const
export type Hook = keyof typeof hookNumbers

/** What conntrack remembers of the connection in a namespace: its first packet as it came, and with the translations. */
export interface Flow {
  original: Packet
  translated: Packet
}

export interface Situation {
  netns: Netns
  hook: Hook
  iif?: Link
  oif?: Link
  packet: Packet
  /** Undefined before conntrack has seen the packet. */
  flow?: Flow
  /** The Ethernet addresses. */
  from?: string
  to?: string
}

/** What a rule computes with: 16 registers of 4 bytes. */
export type Registers = Byte[]

/** Where a register begins, include/uapi/linux/netfilter/nf_tables.h: 1 to 4 have 16 bytes, 8 and up have 4. */
export function registerAt(number: number): number {
  return number < 8 ? (number - 1) * 16 : (number - 8) * 4
}

export function readRegister(registers: Registers, number: number, length: number): Byte[] {
  const at = registerAt(number)
  return Array.from({ length }, (_, offset) => registers[at + offset])
}

/** The rest of the last word becomes zero, as in the kernel. */
export function writeRegister(registers: Registers, number: number, bytes: readonly Byte[]): void {
  const at = registerAt(number)
  const padding = Array<Byte>(-bytes.length & 3).fill(0)
  registers.splice(at, bytes.length + padding.length, ...bytes, ...padding)
}

/** A number as four bytes in the order of the machine. */
export function word(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]
}
