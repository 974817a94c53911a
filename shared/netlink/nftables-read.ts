/** Reads nf_tables: single objects by name or key in constant time, and lists of rules and elements. */

import { isErrno } from '../kernel/errno.ts'
import { attributeIn, valuesIn } from './attributes.ts'
import { Attribute, chainName, Message, request, ruleChain, type Table, tableName } from './nftables.ts'
import { type Element, elementList, elementRequest, getSet, type NamedSet } from './nftables-sets.ts'
import { ask, dump, type Reply, type Request, type Socket } from './socket.ts'

/** struct nfgenmsg before the attributes. */
export const HEADER = 4
/** Attributes of data, of a verdict, and of expressions that load a value or compare with one. */
const [DATA_VALUE, DATA_VERDICT, VERDICT_CHAIN, IMMEDIATE_DATA, CMP_DATA] = [1, 2, 2, 2, 3]
const UDATA_COMMENT = 0

/** The number of chains, sets and other objects in a table; undefined when the table does not exist. */
export function tableUse(socket: Socket, table: Table): number | undefined {
  const words = () => `list table ${table.family} ${table.name}`
  const reply = askIfAny(socket, request(table, Message.GETTABLE, 0, tableName(table), words))
  return reply && counterIn(reply, Attribute.TABLE_USE)
}

/** The number of a chain's rules plus the rules and elements that lead to it; undefined when the chain does not exist. */
export function chainUse(socket: Socket, table: Table, chain: string): number | undefined {
  const words = () => `list chain ${table.family} ${table.name} ${chain}`
  const reply = askIfAny(socket, request(table, Message.GETCHAIN, 0, chainName(table, chain), words))
  return reply && counterIn(reply, Attribute.CHAIN_USE)
}

/** A rule in the kernel: `handle` is the number for deleting it, `leadsTo` the chain that it jumps or goes to. */
export interface Rule {
  handle: Buffer
  leadsTo?: string
  comment?: string
  /** All its attributes as the kernel sends them. */
  attributes: Buffer
}

/** The rules of a chain; none when the chain does not exist. */
export function listRules(socket: Socket, table: Table, chain: string): Rule[] {
  const words = () => `list chain ${table.family} ${table.name} ${chain}`
  const replies = dumpIfAny(socket, request(table, Message.GETRULE, 0, ruleChain(table, chain), words))
  return replies.map(parseRule)
}

/** The element of a set with this key; undefined when the element or the set does not exist. */
export function findElement(socket: Socket, set: NamedSet, key: Buffer): Element | undefined {
  const reply = askIfAny(socket, elementRequest(set, Message.GETSETELEM, 0, 'get', [{ key }]))
  return reply && parseElements(reply)[0]
}

/** So many elements are asked for one by one; of more, the whole set is listed. */
const fewKeys = 64

/** The elements of a set with these keys, by key. */
export function findElements(
  socket: Socket,
  set: NamedSet,
  keys: Buffer[],
): (key: Buffer) => Element | undefined {
  if (keys.length <= fewKeys) return (key) => findElement(socket, set, key)
  const listed = new Map(listElements(socket, set).map((one) => [one.key.toString('hex'), one]))
  return (key) => listed.get(key.toString('hex'))
}

/** Whether a set exists: `nft list set`. */
export function hasSet(socket: Socket, set: NamedSet): boolean {
  return askIfAny(socket, getSet(set)) !== undefined
}

/** All elements of a set; none when the set does not exist. */
export function listElements(socket: Socket, set: NamedSet): Element[] {
  const words = () => `list ${set.value ? 'map' : 'set'} ${set.table.family} ${set.table.name} ${set.name}`
  const replies = dumpIfAny(socket, request(set.table, Message.GETSETELEM, 0, elementList(set), words))
  return replies.flatMap(parseElements)
}

/** The answers to a dump request; none when the kernel answers ENOENT. */
export function dumpIfAny(socket: Socket, question: Request): Reply[] {
  try {
    return dump(socket, question)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

/** The answer to a request; undefined when the kernel answers ENOENT. */
export function askIfAny(socket: Socket, question: Request): Reply | undefined {
  try {
    return ask(socket, Object.assign(question, { single: true }))[0]
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** A number of a reply, as the kernel counts it. */
export function counterIn({ data }: Reply, which: number): number {
  return find(data.subarray(HEADER), which)?.readUInt32BE(0) ?? 0
}

/** The data of the attribute at a path of types. */
export function find(attributes: Buffer, ...path: number[]): Buffer | undefined {
  return path.reduce<Buffer | undefined>((within, which) => within && attributeIn(within, which), attributes)
}

/** The items of a list attribute. */
export function items(list: Buffer | undefined): Buffer[] {
  return list ? valuesIn(list) : []
}

/** What a rule says is read when it is asked for: a chain may have thousands. */
function parseRule({ data }: Reply): Rule {
  const attributes = data.subarray(HEADER)
  return {
    attributes,
    get handle() {
      return find(attributes, Attribute.RULE_HANDLE) ?? Buffer.alloc(8)
    },
    get leadsTo() {
      return expressionsOf(attributes).map(chainOf).find(Boolean)
    },
    get comment() {
      return parseComment(find(attributes, Attribute.RULE_USERDATA))
    },
  }
}

/** The values with which a rule compares parts of a packet: an address, the name of an interface. */
export function comparedWith({ attributes }: Rule): Buffer[] {
  const comparisons = expressionsOf(attributes).filter(isComparison)
  return comparisons.flatMap((one) => find(one, Attribute.EXPR_DATA, CMP_DATA, DATA_VALUE) ?? [])
}

/** The values that a rule itself has for its actions: address and port of `dnat to`. */
export function loadedBy({ attributes }: Rule): Buffer[] {
  const loads = expressionsOf(attributes).filter((expression) => nameOf(expression) === 'immediate')
  return loads.flatMap((one) => find(one, Attribute.EXPR_DATA, IMMEDIATE_DATA, DATA_VALUE) ?? [])
}

/** `cmp` with its terminating NUL, as a number: a text takes longer to make. */
const cmp = 0x00706d63

function isComparison(expression: Buffer): boolean {
  const name = find(expression, Attribute.EXPR_NAME)
  return name?.length === 4 && name.readUInt32LE(0) === cmp
}

/** The expressions of a rule, each with its name and attributes. */
export function expressionsOf(rule: Buffer): Buffer[] {
  return items(find(rule, Attribute.RULE_EXPRESSIONS))
}

/** The name of an expression: `cmp`, `immediate`, … */
export function nameOf(expression: Buffer): string | undefined {
  return text(find(expression, Attribute.EXPR_NAME))
}

/** The chain that an expression jumps or goes to: only an `immediate` expression does. */
function chainOf(expression: Buffer): string | undefined {
  if (nameOf(expression) !== 'immediate') return undefined
  return text(find(expression, Attribute.EXPR_DATA, IMMEDIATE_DATA, DATA_VERDICT, VERDICT_CHAIN))
}

function parseElements({ data }: Reply): Element[] {
  return items(find(data.subarray(HEADER), Attribute.SET_ELEM_LIST_ELEMENTS)).map(parseElement)
}

function parseElement(attributes: Buffer): Element {
  return {
    key: find(attributes, Attribute.SET_ELEM_KEY, DATA_VALUE) ?? Buffer.alloc(0),
    value: find(attributes, Attribute.SET_ELEM_DATA, DATA_VALUE),
    goto: text(find(attributes, Attribute.SET_ELEM_DATA, DATA_VERDICT, VERDICT_CHAIN)),
    counter: text(find(attributes, Attribute.SET_ELEM_OBJREF)),
    comment: parseComment(find(attributes, Attribute.SET_ELEM_USERDATA)),
  }
}

/** A text with a terminating NUL. */
export function text(bytes: Buffer | undefined): string | undefined {
  return bytes?.toString('utf8', 0, bytes.length - 1)
}

/** The comment in user data, which must be the first entry, as nft and Patchbay write it. */
function parseComment(userdata: Buffer | undefined): string | undefined {
  if (!userdata || userdata[0] !== UDATA_COMMENT) return undefined
  return text(userdata.subarray(2, 2 + (userdata[1] ?? 0)))
}
