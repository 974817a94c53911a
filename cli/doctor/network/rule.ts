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
import { compared, masked, type Registers } from './comparison.ts'
import type { Holds, Outcome, Verdict } from './outcome.ts'
import { conntrackOf, headerOf, metaOf, type Packet, type Value } from './packet.ts'
import { matched, targetOf } from './xtables-rule.ts'

/** Attributes of expressions, include/uapi/linux/netfilter/nf_tables.h. */
const Meta = { DREG: 1, KEY: 2 } as const
const Payload = { DREG: 1, BASE: 2, OFFSET: 3, LEN: 4 } as const
const Lookup = { SET: 1, SREG: 2, DREG: 3, FLAGS: 5 } as const
const [DATA_VALUE, DATA_VERDICT, VERDICT_CODE, VERDICT_CHAIN, IMMEDIATE_DATA] = [1, 2, 1, 2, 2]
const [BASE_NETWORK, SET_INTERVAL] = [1, 4]

/** What changes neither the packet's way nor what is compared later. */
const harmless = ['counter', 'log', 'notrack', 'flow_offload', 'last']

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
  if (name === 'target') return targetOf(data)
  if (name === 'queue' || name === 'fwd') return [{ kind: 'accept' }, { kind: 'drop' }]
  return 'maybe'
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
