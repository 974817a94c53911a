/** Expressions of nftables, one by one: what each does to the registers and to the packet. What is not read here is `unknown`. */

import type { Address } from '../../shared/ip/address.ts'
import type { Table } from '../../shared/netlink/nftables.ts'
import { find, text } from '../../shared/netlink/nftables-read.ts'
import { lookUp } from './lookup.ts'
import { globalAddresses } from './netns.ts'
import type { Byte, Bytes, Packet } from './packet.ts'
import { addressIn, type Loaded, loadCt, loadFib, loadMeta, loadPayload } from './selectors.ts'
import { keyLengthOf, lookIn } from './sets.ts'
import { type Registers, readRegister, type Situation, writeRegister } from './situation.ts'
import { matchOf, targetOf } from './xtables.ts'

/** A rule while it is evaluated. */
export interface Run {
  table: Table
  situation: Situation
  registers: Registers
}

/** Undefined: on to the next expression. `break`: the rule does not match. */
export type Effect =
  | undefined
  | { kind: 'break' }
  | {
      kind: 'unknown'
      why: string /** What it decides is not only whether the rule matches. */
      isAction?: true
    }
  | { kind: 'verdict'; code: number; chain?: string }
  | { kind: 'reject' }
  | { kind: 'translated'; packet: Packet }

type Handler = (data: Buffer, run: Run) => Effect

export const breaks: Effect = { kind: 'break' }
/** NF_DROP, NF_ACCEPT; NFT_CONTINUE, NFT_BREAK, NFT_JUMP, NFT_GOTO, NFT_RETURN. */
export const Code = { DROP: 0, ACCEPT: 1, CONTINUE: -1, BREAK: -2, JUMP: -3, GOTO: -4, RETURN: -5 } as const

const number = (data: Buffer, ...path: number[]) => find(data, ...path)?.readUInt32BE(0)
const [DATA_VALUE, DATA_VERDICT, VERDICT_CODE, VERDICT_CHAIN] = [1, 2, 1, 2]
/** NFT_REG_VERDICT */
const VERDICT = 0

export function execute(name: string, data: Buffer, run: Run): Effect {
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
  return handler ? handler(data, run) : { kind: 'unknown', why: `its expression ${name} is not read` }
}

const goesOn: Handler = () => undefined

const handlers: Readonly<Record<string, Handler>> = {
  counter: goesOn,
  log: goesOn,
  last: goesOn,
  objref: goesOn,
  dup: goesOn,
  flow_offload: goesOn,
  meta: (data, run) => {
    const [target, key = 0, source] = [number(data, 1), number(data, 2), number(data, 3)]
    if (source !== undefined) return setMeta(key, source, run)
    return load(run, target, loadMeta(key, run.situation), 16)
  },
  ct: (data, run) => {
    const [target, key = 0, source] = [number(data, 1), number(data, 2), number(data, 4)]
    if (source !== undefined) return undefined
    return load(run, target, loadCt(key, find(data, 3)?.[0], run.situation), 16)
  },
  fib: (data, run) =>
    load(run, number(data, 1), loadFib(number(data, 2) ?? 0, number(data, 3) ?? 0, run.situation), 16),
  payload: (data, run) => {
    const [target, base = 0, offset = 0, length = 0] = [1, 2, 3, 4].map((type) => number(data, type))
    if (target === undefined) return undefined
    return load(run, target, loadPayload(base, offset, length, run.situation), length)
  },
  exthdr: (data, run) =>
    number(data, 1) === undefined ? undefined : load(run, number(data, 1), undefined, 16),
  immediate: (data, run) => {
    const value = find(data, 2, DATA_VALUE)
    if (number(data, 1) === VERDICT) return verdictIn(find(data, 2, DATA_VERDICT))
    writeRegister(run.registers, number(data, 1) ?? 8, [...(value ?? [])])
    return undefined
  },
  cmp: (data, run) => compare(number(data, 1) ?? 8, number(data, 2) ?? 0, find(data, 3, DATA_VALUE), run),
  range: (data, run) => {
    const [from, to] = [find(data, 3, DATA_VALUE), find(data, 4, DATA_VALUE)]
    const value = known(readRegister(run.registers, number(data, 1) ?? 8, from?.length ?? 0))
    if (!value || !from || !to) return depends
    const isInside = Buffer.compare(value, from) >= 0 && Buffer.compare(value, to) <= 0
    return isInside === (number(data, 2) !== 1) ? undefined : breaks
  },
  bitwise: (data, run) => {
    const [source = 8, target = 8, length = 4] = [1, 2, 3].map((type) => number(data, type))
    const [mask, xor] = [find(data, 4, DATA_VALUE), find(data, 5, DATA_VALUE)]
    const isMask = mask && xor && (number(data, 6) ?? 0) === 0
    const changed = readRegister(run.registers, source, length).map((byte, at): Byte => {
      if (!isMask) return undefined
      if (mask[at] === 0) return xor[at]
      return byte === undefined ? undefined : (byte & (mask[at] ?? 0)) ^ (xor[at] ?? 0)
    })
    writeRegister(run.registers, target, changed)
    return undefined
  },
  byteorder: (data, run) => {
    const [source = 8, target = 8, , length = 4, size = 4] = [1, 2, 3, 4, 5].map((type) => number(data, type))
    const bytes = readRegister(run.registers, source, length)
    const swapped = bytes.map((_, at) => bytes[at - (at % size) + size - 1 - (at % size)])
    writeRegister(run.registers, target, swapped)
    return undefined
  },
  lookup: (data, run) => lookup(data, run),
  dynset: (data) => (find(data, 7) || find(data, 10) ? depends : undefined),
  notrack: (_, run) => {
    run.situation = { ...run.situation, packet: { ...run.situation.packet, isUntracked: true } }
    return undefined
  },
  reject: () => ({ kind: 'reject' }),
  queue: () => ({ kind: 'unknown', why: 'a program decides (queue)', isAction: true }),
  nat: (data, run) => translate(data, run),
  masq: (_, run) => masquerade(run),
  redir: (data, run) => redirect(data, run),
  match: (data, run) => matchOf(nameIn(data), find(data, 3) ?? Buffer.alloc(0), run.situation),
  target: (data, run) =>
    targetOf(nameIn(data), find(data, 3) ?? Buffer.alloc(0), run.situation, () => masquerade(run)),
}

const nameIn = (data: Buffer) => text(find(data, 1))?.replace(/\0.*$/s, '') ?? ''

const depends: Effect = { kind: 'unknown', why: 'it depends on what is not known here' }

function known(bytes: Bytes): Buffer | undefined {
  return bytes.every((byte) => byte !== undefined) ? Buffer.from(bytes as number[]) : undefined
}

/** What is not known fills the register with unknown bytes: a comparison tells whether it matters. */
function load({ registers }: Run, target: number | undefined, loaded: Loaded, length: number): Effect {
  if (loaded === 'break') return breaks
  writeRegister(registers, target ?? 8, loaded ?? Array<Byte>(length).fill(undefined))
  return undefined
}

/** NFT_META_MARK */
const MARK = 3

function setMeta(key: number, source: number, run: Run): Effect {
  if (key !== MARK) return undefined
  const mark = known(readRegister(run.registers, source, 4))?.readUInt32LE(0)
  if (mark === undefined)
    return { kind: 'unknown', why: 'the mark that it sets is not known', isAction: true }
  run.situation = { ...run.situation, packet: { ...run.situation.packet, mark } }
  return undefined
}

/** NFT_CMP_*: EQ, NEQ, LT, LTE, GT, GTE. */
const comparisons = [
  (order: number) => order === 0,
  (order: number) => order !== 0,
  (order: number) => order < 0,
  (order: number) => order <= 0,
  (order: number) => order > 0,
  (order: number) => order >= 0,
]

function compare(source: number, operation: number, value: Buffer | undefined, { registers }: Run): Effect {
  if (!value) return depends
  const bytes = readRegister(registers, source, value.length)
  const whole = known(bytes)
  const fits = comparisons[operation]
  if (whole && fits) return fits(Buffer.compare(whole, value)) ? undefined : breaks
  const differs = bytes.some((byte, at) => byte !== undefined && byte !== value[at])
  if (differs && operation === 0) return breaks
  return differs && operation === 1 ? undefined : depends
}

function verdictIn(data?: Buffer): Effect {
  const code = data && find(data, VERDICT_CODE)?.readInt32BE(0)
  const chain = data && text(find(data, VERDICT_CHAIN))
  return { kind: 'verdict', code: code ?? Code.DROP, chain }
}

/** NFTA_LOOKUP_*: the set, the key's register, the register for what a map has, NFT_LOOKUP_F_INV. */
function lookup(data: Buffer, run: Run): Effect {
  const set = text(find(data, 1)) ?? ''
  const [source = 8, target] = [number(data, 2), number(data, 3)]
  const isInverted = ((number(data, 5) ?? 0) & 1) !== 0
  const { netns } = run.situation
  const length = keyLengthOf(netns, run.table, set)
  if (length === undefined) return { kind: 'unknown', why: `the set ${set} cannot be read` }
  const found = lookIn(netns, run.table, set, readRegister(run.registers, source, length))
  if (found === 'unknown') return depends
  if (found === 'absent') return isInverted ? undefined : breaks
  if (isInverted) return breaks
  if (target === VERDICT) return { kind: 'verdict', code: found.code ?? Code.DROP, chain: found.chain }
  if (target !== undefined) writeRegister(run.registers, target, [...(found.data ?? [])])
  return undefined
}

const NAT_DNAT = 1

/** NFTA_NAT_*: type, family, registers of the first and last address and of the first and last port. */
function translate(data: Buffer, run: Run): Effect {
  const isDestination = number(data, 1) === NAT_DNAT
  const [first, last, port, lastPort] = [3, 4, 5, 6].map((type) => number(data, type))
  const { packet } = run.situation
  const bytes = packet.family === 4 ? 4 : 16
  const value = (register: number, length: number) => known(readRegister(run.registers, register, length))
  const isOne = (one: number | undefined, other: number | undefined, length: number) =>
    other === undefined ||
    (one !== undefined && value(one, length)?.equals(value(other, length) ?? Buffer.alloc(0)))
  if (!isOne(first, last, bytes) || !isOne(port, lastPort, 2)) return chosen
  const address = first === undefined ? undefined : addressIn(readRegister(run.registers, first, bytes))
  const portValue = port === undefined ? undefined : value(port, 2)?.readUInt16BE(0)
  if ((first !== undefined && !address) || (port !== undefined && portValue === undefined)) return chosen
  return {
    kind: 'translated',
    packet: isDestination ? to(packet, address, portValue) : from(packet, address, portValue),
  }
}

const chosen: Effect = { kind: 'unknown', why: 'the kernel chooses the address or the port', isAction: true }

export function to(packet: Packet, address?: Address, port?: number): Packet {
  const destinationPort = packet.protocol === 'icmp' ? undefined : (port ?? packet.destinationPort)
  return { ...packet, destination: address ?? packet.destination, destinationPort }
}

export function from(packet: Packet, address?: Address, port?: number): Packet {
  return { ...packet, source: address ?? packet.source, sourcePort: port ?? packet.sourcePort }
}

/** The source that the kernel would choose for the output link: inet_select_addr. */
function masquerade({ situation: { netns, packet, oif } }: Run): Effect {
  const found = oif && lookUp(netns, { to: packet.destination, oif })
  const source = found && !('refusal' in found) ? found.source : undefined
  return source ? { kind: 'translated', packet: from(packet, source) } : chosen
}

/** `redirect`: to this host, at the address of the input link. */
function redirect(data: Buffer, run: Run): Effect {
  const { netns, packet, iif } = run.situation
  const register = number(data, 1)
  const port =
    register === undefined ? undefined : known(readRegister(run.registers, register, 2))?.readUInt16BE(0)
  const own = globalAddresses(netns, packet.family).find(({ link }) => link === iif?.index)
  return own ? { kind: 'translated', packet: to(packet, own.address, port) } : chosen
}
