/** Reads base chains of nf_tables, those of other programs too, and whether packets that no rule accepts are dropped there. */

import { Attribute, chainName, families, familyHeader, Message, request, type Table } from './nftables.ts'
import {
  askIfAny,
  dumpIfAny,
  expressionsOf,
  find,
  HEADER,
  listRules,
  nameOf,
  type Rule,
  text,
} from './nftables-read.ts'
import type { Reply, Request, Socket } from './socket.ts'

/** A chain in any table. */
export interface Chain {
  table: Table
  name: string
  /** Only of a base chain: the number of its hook (NF_INET_…, include/uapi/linux/netfilter.h). */
  hook?: number
  /** The policy of a base chain is drop. */
  drops: boolean
}

/** The numbers of hooks, include/uapi/linux/netfilter.h. */
export const hookNumbers = { INPUT: 1, FORWARD: 2 } as const

const NFNL_SUBSYS_NFTABLES = 10
const [NF_DROP, AF_UNSPEC] = [0, 0]
/** NFTA_IMMEDIATE_DATA, NFTA_DATA_VERDICT, NFTA_VERDICT_CODE; NFTA_TARGET_NAME. */
const [IMMEDIATE_DATA, DATA_VERDICT, VERDICT_CODE, TARGET_NAME] = [2, 2, 1, 1]

/** A chain by its name; undefined when it does not exist. */
export function findChain(socket: Socket, table: Table, name: string): Chain | undefined {
  const words = () => `list chain ${table.family} ${table.name} ${name}`
  const reply = askIfAny(socket, request(table, Message.GETCHAIN, 0, chainName(table, name), words))
  return reply && parseChain(reply)
}

/** The base chains of all tables of these families: `nft list chains`. Its cost grows with the number of all chains. */
export function listBaseChains(socket: Socket): Chain[] {
  const chains = dumpIfAny(socket, listing(Message.GETCHAIN, 'list chains'))
  return chains
    .filter(({ data }) => find(data.subarray(HEADER), Attribute.CHAIN_HOOK) !== undefined)
    .flatMap((reply) => parseChain(reply) ?? [])
}

/** The names of a table's chains. Its cost grows with the number of all chains. */
export function chainNamesOf(socket: Socket, table: Table): string[] {
  const isThere = (chain: Chain) => chain.table.family === table.family && chain.table.name === table.name
  const chains = dumpIfAny(socket, listing(Message.GETCHAIN, 'list chains')).flatMap(
    (reply) => parseChain(reply) ?? [],
  )
  return chains.filter(isThere).map(({ name }) => name)
}

/** The tables of all families: `nft list tables`. */
export function listTables(socket: Socket): Table[] {
  const tables = dumpIfAny(socket, listing(Message.GETTABLE, 'list tables'))
  return tables.flatMap(({ data }) => tableOf(data, Attribute.TABLE_NAME) ?? [])
}

function listing(message: number, words: string): Request {
  return {
    type: (NFNL_SUBSYS_NFTABLES << 8) | message,
    flags: 0,
    payload: familyHeader(AF_UNSPEC),
    attempt: `nft ${words}`,
    see: `nft ${words}`,
  }
}

/** Undefined for a family without addresses, such as netdev. */
function tableOf(data: Buffer, attribute: number): Table | undefined {
  const family = Object.entries(families).find(([, number]) => number === data[0])?.[0] as
    | Table['family']
    | undefined
  const name = text(find(data.subarray(HEADER), attribute))
  return family && name !== undefined ? { family, name } : undefined
}

function parseChain({ data }: Reply): Chain | undefined {
  const attributes = data.subarray(HEADER)
  const table = tableOf(data, Attribute.CHAIN_TABLE)
  const name = text(find(attributes, Attribute.CHAIN_NAME))
  if (!table || name === undefined) return undefined
  const hook = find(attributes, Attribute.CHAIN_HOOK, Attribute.HOOK_HOOKNUM)?.readUInt32BE(0)
  const drops = find(attributes, Attribute.CHAIN_POLICY)?.readUInt32BE(0) === NF_DROP
  return { table, name, hook, drops }
}

/** How a base chain ends a packet that no rule accepts; undefined when the packet goes on. */
export function closingOf(socket: Socket, { table, name, drops }: Chain): string | undefined {
  if (drops) return 'policy drop'
  const closes = listRules(socket, table, name).some(refusesAll)
  return closes ? 'a rule that refuses all other packets' : undefined
}

/** What a rule does besides its verdict. */
const harmless = ['counter', 'log']

/** Whether a rule without a condition drops or rejects. iptables-nft's REJECT is a target of xtables. */
function refusesAll({ attributes }: Rule): boolean {
  const expressions = expressionsOf(attributes).filter((one) => !harmless.includes(nameOf(one) ?? ''))
  const [last] = expressions
  return expressions.length === 1 && last !== undefined && refuses(last)
}

function refuses(expression: Buffer): boolean {
  const name = nameOf(expression)
  if (name === 'reject') return true
  if (name === 'target') return text(find(expression, Attribute.EXPR_DATA, TARGET_NAME)) === 'REJECT'
  if (name !== 'immediate') return false
  const code = find(expression, Attribute.EXPR_DATA, IMMEDIATE_DATA, DATA_VERDICT, VERDICT_CODE)
  return code?.readUInt32BE(0) === NF_DROP
}
