/** Whether a rule of nf_tables holds for a packet, and where it then sends it. What is not understood may hold. */

import { oncePer } from '../../../shared/config/once.ts'
import { Attribute, Message, request, type Table } from '../../../shared/netlink/nftables.ts'
import {
  askIfAny,
  dumpIfAny,
  expressionsOf,
  find,
  HEADER,
  items,
  nameOf,
  type Rule,
  text,
} from '../../../shared/netlink/nftables-read.ts'
import { elementList, getSet } from '../../../shared/netlink/nftables-sets.ts'
import type { Socket } from '../../../shared/netlink/socket.ts'
import { conntrackOf, headerOf, metaOf, type Packet, STATE_NEW, serviceMark, type Value } from './packet.ts'

export type Holds = 'yes' | 'no' | 'maybe'

/** Where a rule sends a packet for which it holds. */
export type Verdict =
  | { kind: 'accept' }
  | { kind: 'drop' }
  | { kind: 'continue' }
  | { kind: 'return' }
  | { kind: 'jump'; chain: string }
  | { kind: 'goto'; chain: string }

export interface Outcome {
  holds: Holds
  /** One of these. */
  verdicts: Verdict[]
}

/** Attributes of expressions, include/uapi/linux/netfilter/nf_tables.h. */
const Meta = { DREG: 1, KEY: 2 } as const
const Payload = { DREG: 1, BASE: 2, OFFSET: 3, LEN: 4 } as const
const Cmp = { SREG: 1, OP: 2, DATA: 3 } as const
const Bitwise = { SREG: 1, DREG: 2, MASK: 4, XOR: 5, OP: 6 } as const
const Lookup = { SET: 1, SREG: 2, DREG: 3, FLAGS: 5 } as const
const Target = { NAME: 1, INFO: 3 } as const
const [DATA_VALUE, DATA_VERDICT, VERDICT_CODE, VERDICT_CHAIN, IMMEDIATE_DATA] = [1, 2, 1, 2, 2]
const [BASE_NETWORK, EQUAL, NOT_EQUAL, SET_INTERVAL] = [1, 0, 1, 4]

/** What changes neither the packet's way nor what is compared later. */
const harmless = ['counter', 'log', 'notrack', 'flow_offload', 'last']
/** Targets of xtables after which the next rule follows. */
const passingTargets = ['LOG', 'NFLOG', 'MARK', 'CONNMARK', 'TCPMSS', 'TRACE']

/** What the expressions of a rule have loaded: undefined is a value that is not known. */
type Registers = Map<number, Value | undefined>

/** Reads a rule for a packet. */
export function outcomeOf(socket: Socket, table: Table, { attributes }: Rule, packet: Packet): Outcome {
  const registers: Registers = new Map()
  let holds: Holds = 'yes'
  for (const expression of expressionsOf(attributes)) {
    const data = find(expression, Attribute.EXPR_DATA) ?? Buffer.alloc(0)
    const step = stepOf(nameOf(expression) ?? '', data, { socket, table, packet, registers })
    if (Array.isArray(step)) return { holds, verdicts: step }
    if (step === 'no') return { holds: 'no', verdicts: [] }
    if (step === 'maybe') holds = 'maybe'
  }
  return { holds, verdicts: [{ kind: 'continue' }] }
}

interface Context {
  socket: Socket
  table: Table
  packet: Packet
  registers: Registers
}

/** What one expression does: a condition, or the end of the rule. */
function stepOf(name: string, data: Buffer, context: Context): Holds | Verdict[] {
  const { packet, registers } = context
  const number = (type: number) => find(data, type)?.readUInt32BE(0)
  const load = (value: Value | undefined): Holds => {
    registers.set(number(1) ?? 0, value)
    return 'yes'
  }
  if (harmless.includes(name)) return 'yes'
  if (name === 'meta' && number(Meta.DREG) !== undefined) return load(metaOf(packet, number(Meta.KEY) ?? -1))
  if (name === 'ct' && number(1) !== undefined) return load(conntrackOf(number(2) ?? -1))
  if (name === 'payload' && number(Payload.DREG) !== undefined)
    return load(
      number(Payload.BASE) === BASE_NETWORK
        ? headerOf(packet, number(Payload.OFFSET) ?? 0, number(Payload.LEN) ?? 0)
        : undefined,
    )
  if (name === 'bitwise') return masked(data, registers)
  if (name === 'cmp') return compared(data, registers)
  if (name === 'lookup') return lookedUp(data, context)
  if (name === 'immediate') return verdictIn(find(data, IMMEDIATE_DATA, DATA_VERDICT))
  if (name === 'reject') return [{ kind: 'drop' }]
  if (name === 'match') return matched(data)
  if (name === 'target') return targetOf(text(find(data, Target.NAME)) ?? '')
  if (name === 'queue' || name === 'fwd') return [{ kind: 'accept' }, { kind: 'drop' }]
  return 'maybe'
}

/** What a mask takes away is known: it is 0. */
function masked(data: Buffer, registers: Registers): Holds {
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

function compared(data: Buffer, registers: Registers): Holds {
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

/** The verdict that an `immediate` expression or an element has; none for data. */
function verdictIn(verdict: Buffer | undefined): Holds | Verdict[] {
  const code = verdict && find(verdict, VERDICT_CODE)?.readInt32BE(0)
  if (verdict === undefined || code === undefined) return 'yes'
  if (code === 0) return [{ kind: 'drop' }]
  if (code === 1) return [{ kind: 'accept' }]
  const chain = text(find(verdict, VERDICT_CHAIN))
  if (chain !== undefined) return [{ kind: code === -3 ? 'jump' : 'goto', chain }]
  if (code === -5) return [{ kind: 'return' }]
  return code === -1 ? [{ kind: 'continue' }] : [{ kind: 'accept' }, { kind: 'drop' }]
}

/** A set is asked for the value, where both are known; ranges are not understood. */
function lookedUp(data: Buffer, { socket, table, registers }: Context): Holds | Verdict[] {
  const name = text(find(data, Lookup.SET)) ?? ''
  const isMap = find(data, Lookup.DREG) !== undefined
  const value = registers.get(find(data, Lookup.SREG)?.readUInt32BE(0) ?? 0)
  const key = value?.known.every((byte) => byte === 0xff) ? value.bytes : undefined
  const elements = key && elementsOf(socket, table, name)
  if (!elements || !key) return isMap ? [{ kind: 'accept' }, { kind: 'drop' }, { kind: 'continue' }] : 'maybe'
  const has = elements.has(key.toString('hex'))
  const isInverse = find(data, Lookup.FLAGS)?.readUInt32BE(0) === 1
  if (!isMap || !has) return has !== isInverse ? 'yes' : 'no'
  return verdictIn(elements.get(key.toString('hex')))
}

const setsOf = oncePer((_: Socket) => new Map<string, ReadonlyMap<string, Buffer | undefined> | undefined>())

/** The elements of a set with their verdicts, by key in hexadecimal digits; undefined for a set of ranges. */
function elementsOf(socket: Socket, table: Table, name: string) {
  const place = `${table.family} ${table.name} ${name}`
  const known = setsOf(socket)
  if (!known.has(place)) known.set(place, readSet(socket, table, name))
  return known.get(place)
}

function readSet(socket: Socket, table: Table, name: string): Map<string, Buffer | undefined> | undefined {
  const set = { table, name, key: [] }
  const reply = askIfAny(socket, getSet(set))
  const flags = reply && find(reply.data.subarray(HEADER), Attribute.SET_FLAGS)?.readUInt32BE(0)
  if (reply === undefined || ((flags ?? 0) & SET_INTERVAL) !== 0) return undefined
  const listing = request(
    table,
    Message.GETSETELEM,
    0,
    elementList(set),
    () => `list set ${place(table)} ${name}`,
  )
  const elements = dumpIfAny(socket, listing).flatMap(({ data }) =>
    items(find(data.subarray(HEADER), Attribute.SET_ELEM_LIST_ELEMENTS)),
  )
  return new Map(
    elements.map((one) => [
      find(one, Attribute.SET_ELEM_KEY, DATA_VALUE)?.toString('hex') ?? '',
      find(one, Attribute.SET_ELEM_DATA, DATA_VERDICT),
    ]),
  )
}

const place = ({ family, name }: Table) => `${family} ${name}`

/** struct xt_conntrack_mtinfo3 (include/uapi/linux/netfilter/xt_conntrack.h): flags, their inversions, states. */
const Conntrack = { FLAGS: 146, INVERTED: 148, STATES: 150, STATE: 1, BYTES: 152 } as const

/** A match of xtables. */
function matched(data: Buffer): Holds {
  const [name, info] = [text(find(data, Target.NAME)), find(data, Target.INFO) ?? Buffer.alloc(0)]
  if (name === 'comment') return 'yes'
  // struct xt_mark_mtinfo1: mark and mask.
  if (name === 'mark' && info.length >= 8) {
    const isService = [0, 4].every((at) => info.subarray(at, at + 4).equals(serviceMark))
    return isService ? 'no' : 'maybe'
  }
  if (name !== 'conntrack' || info.length < Conntrack.BYTES) return 'maybe'
  const asksState = (info.readUInt16LE(Conntrack.FLAGS) & Conntrack.STATE) !== 0
  const isInverse = (info.readUInt16LE(Conntrack.INVERTED) & Conntrack.STATE) !== 0
  if (!asksState) return 'maybe'
  return ((info.readUInt16LE(Conntrack.STATES) & STATE_NEW) !== 0) === isInverse ? 'no' : 'maybe'
}

/** A target of xtables. */
function targetOf(name: string): Holds | Verdict[] {
  if (name === 'REJECT') return [{ kind: 'drop' }]
  return passingTargets.includes(name) ? 'yes' : [{ kind: 'accept' }, { kind: 'drop' }, { kind: 'continue' }]
}
