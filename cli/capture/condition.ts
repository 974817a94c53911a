/** Conditions on a frame, made of comparisons of loaded values, as classic BPF has them (include/uapi/linux/filter.h). */

import { misuse } from '../form/arguments.ts'

/** An instruction that loads or changes the accumulator: its code and operand. */
export type Load = readonly [code: number, k: number]

/** A comparison of what was loaded: equal to `k`, or has one of its bits. */
export interface Test {
  kind: 'test'
  loads: readonly Load[]
  jump: 'equal' | 'bits'
  k: number
}

interface Several {
  kind: 'all' | 'any'
  parts: readonly Condition[]
}

export type Condition = Test | Several | { kind: 'none'; part: Condition }

export const all = (...parts: Condition[]): Condition => ({ kind: 'all', parts })
export const any = (...parts: Condition[]): Condition => ({ kind: 'any', parts })
export const none = (part: Condition): Condition => ({ kind: 'none', part })

/** BPF_LD, BPF_LDX, BPF_ALU, BPF_JMP, BPF_RET with sizes and modes. */
const [LD_W_ABS, LD_H_ABS, LD_B_ABS, LD_H_IND, LDX_MSH, ALU_AND] = [0x20, 0x28, 0x30, 0x48, 0xb1, 0x54]
const [JEQ, JSET, RET] = [0x15, 0x45, 0x06]

/** Offsets from the network header, and what the kernel knows of a frame: so a link without Ethernet header is no exception. */
const [SKF_NET_OFF, SKF_AD_OFF, SKF_AD_PROTOCOL] = [-0x100000, -0x1000, 0]

/** The EtherType. */
export const protocol: Load[] = [[LD_H_ABS, SKF_AD_OFF + SKF_AD_PROTOCOL]]

/** One, two or four bytes at an offset of the network header. */
export const byteAt = (offset: number): Load[] => [[LD_B_ABS, SKF_NET_OFF + offset]]
export const shortAt = (offset: number): Load[] => [[LD_H_ABS, SKF_NET_OFF + offset]]
export const wordAt = (offset: number): Load[] => [[LD_W_ABS, SKF_NET_OFF + offset]]

/** Two bytes behind the IPv4 header, whose length is in its first byte. */
export const shortBehindIpv4 = (offset: number): Load[] => [
  [LDX_MSH, SKF_NET_OFF],
  [LD_H_IND, SKF_NET_OFF + offset],
]

export const masked = (loads: readonly Load[], mask: number): Load[] => [...loads, [ALU_AND, mask]]

export const equals = (loads: readonly Load[], k: number): Test => ({ kind: 'test', loads, jump: 'equal', k })
export const hasBits = (loads: readonly Load[], k: number): Test => ({ kind: 'test', loads, jump: 'bits', k })

/** The bytes of a frame that are kept at most. */
export const SNAPLEN = 262_144

/** An instruction whose jumps are still names of places. */
interface Instruction {
  code: number
  k: number
  yes?: Label
  no?: Label
}

interface Label {
  at: number
}

/** The program of a condition: struct sock_filter for each instruction. A load behind the frame's end refuses the frame. @throws CniError when it is too long */
export function programOf(condition: Condition): Buffer {
  const [yes, no] = [{ at: 0 }, { at: 0 }]
  const program: Instruction[] = []
  generate(condition, yes, no, program)
  yes.at = program.push({ code: RET, k: SNAPLEN }) - 1
  no.at = program.push({ code: RET, k: 0 }) - 1
  return Buffer.concat(program.map((one, at) => bytesOf(one, at)))
}

function generate(condition: Condition, yes: Label, no: Label, out: Instruction[]): void {
  if (condition.kind === 'none') generate(condition.part, no, yes, out)
  else if (condition.kind === 'test') {
    const { loads, jump, k } = condition
    for (const [code, operand] of loads) out.push({ code, k: operand })
    out.push({ code: jump === 'equal' ? JEQ : JSET, k, yes, no })
  } else generateAll(condition, yes, no, out)
}

/** Parts of which all, or any, must hold. */
function generateAll({ kind, parts }: Several, yes: Label, no: Label, out: Instruction[]): void {
  for (const part of parts.slice(0, -1)) {
    const next = { at: 0 }
    generate(part, kind === 'all' ? next : yes, kind === 'all' ? no : next, out)
    next.at = out.length
  }
  const last = parts.at(-1)
  if (last) generate(last, yes, no, out)
}

function bytesOf({ code, k, yes, no }: Instruction, at: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(code, 0)
  for (const [offset, label] of [yes, no].entries()) bytes[2 + offset] = label ? distance(label, at) : 0
  bytes.writeUInt32LE(k >>> 0, 4)
  return bytes
}

function distance(label: Label, at: number): number {
  const far = label.at - at - 1
  if (far > 255) throw misuse('the filter is too long', 'use fewer conditions, or a net for several hosts')
  return far
}
