/** The expressions `bitwise` and `cmp` of nf_tables, on values of which some bits are known. */

import { find } from '../../../shared/netlink/nftables-read.ts'
import type { Holds } from './outcome.ts'
import type { Value } from './packet.ts'

/** Attributes, include/uapi/linux/netfilter/nf_tables.h. */
const Cmp = { SREG: 1, OP: 2, DATA: 3 } as const
const Bitwise = { SREG: 1, DREG: 2, MASK: 4, XOR: 5, OP: 6 } as const
const [DATA_VALUE, EQUAL, NOT_EQUAL] = [1, 0, 1]

/** What the expressions of a rule have loaded: undefined is a value of which nothing is known. */
export type Registers = Map<number, Value | undefined>

/** Masks a register into another. What a mask takes away is known: it is 0. */
export function masked(data: Buffer, registers: Registers): Holds {
  const number = (type: number) => find(data, type)?.readUInt32BE(0) ?? 0
  const [mask, xor] = [find(data, Bitwise.MASK, DATA_VALUE), find(data, Bitwise.XOR, DATA_VALUE)]
  const isMask = mask && xor && mask.length === xor.length && number(Bitwise.OP) === 0
  const value = registers.get(number(Bitwise.SREG)) ?? (isMask && unknown(mask.length))
  registers.set(number(Bitwise.DREG), isMask && value ? underMask(value, mask, xor) : undefined)
  return 'yes'
}

const unknown = (length: number): Value => ({ bytes: Buffer.alloc(length), known: Buffer.alloc(length) })

function underMask({ bytes, known }: Value, mask: Buffer, xor: Buffer): Value {
  const at = (buffer: Buffer, index: number) => buffer[index] ?? 0
  return {
    bytes: Buffer.from(mask.map((byte, index) => (at(bytes, index) & byte) ^ at(xor, index))),
    known: Buffer.from(mask.map((byte, index) => at(known, index) | (~byte & 0xff))),
  }
}

/** Whether a comparison of a register holds. */
export function compared(data: Buffer, registers: Registers): Holds {
  const number = (type: number) => find(data, type)?.readUInt32BE(0) ?? 0
  const [value, wanted] = [registers.get(number(Cmp.SREG)), find(data, Cmp.DATA, DATA_VALUE)]
  const operation = number(Cmp.OP)
  if (!value || !wanted || value.bytes.length < wanted.length || operation > NOT_EQUAL) return 'maybe'
  const equal = isEqual(value, wanted)
  if (equal === 'maybe' || operation === EQUAL) return equal
  return equal === 'yes' ? 'no' : 'yes'
}

function isEqual({ bytes, known }: Value, wanted: Buffer): Holds {
  const differs = wanted.some((byte, at) => ((byte ^ (bytes[at] ?? 0)) & (known[at] ?? 0)) !== 0)
  if (differs) return 'no'
  return wanted.every((_, at) => known[at] === 0xff) ? 'yes' : 'maybe'
}
