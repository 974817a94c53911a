/** What nf_tables has: single things by name or key in constant time, and a set's elements as a list. */

import { parseAttributes, putString, type StreamData } from 'netlink/dist/structs.js'
import { isErrno } from '../kernel/errno.ts'
import { Attribute, chainName, Message, request, type Table, tableName } from './nftables.ts'
import { type Element, elementList, elementRequest, type NamedSet } from './nftables-sets.ts'
import { ask, dump, type Reply, type Request, type Socket } from './socket.ts'

/** struct nfgenmsg before the attributes. */
const HEADER = 4
/** Nested attributes of an element's data, and those of a verdict. */
const [DATA_VALUE, DATA_VERDICT, VERDICT_CHAIN] = [1, 2, 2]
const UDATA_COMMENT = 0

/** How many chains, sets and other objects a table has; undefined when there is none of that name. */
export function tableUse(socket: Socket, table: Table): number | undefined {
  const words = `list table ${table.family} ${table.name}`
  const reply = askIfAny(socket, request(table, Message.GETTABLE, 0, tableName(table), words))
  return reply && counter(reply, Attribute.TABLE_USE)
}

/** How many rules a chain has and how many rules and elements lead to it, together; undefined when there is none. */
export function chainUse(socket: Socket, table: Table, chain: string): number | undefined {
  const words = `list chain ${table.family} ${table.name} ${chain}`
  const reply = askIfAny(socket, request(table, Message.GETCHAIN, 0, chainName(table, chain), words))
  return reply && counter(reply, Attribute.CHAIN_USE)
}

/** How many rules a chain has; none when it is not there. */
export function countRules(socket: Socket, table: Table, chain: string): number {
  const words = `list chain ${table.family} ${table.name} ${chain}`
  const attributes: StreamData = (out) => {
    out.push(Attribute.RULE_TABLE, putString(table.name))
    out.push(Attribute.RULE_CHAIN, putString(chain))
  }
  return dump(socket, request(table, Message.GETRULE, 0, attributes, words)).length
}

/** The element of a set with this key; undefined when there is none, or no set. */
export function findElement(socket: Socket, set: NamedSet, key: Buffer): Element | undefined {
  const reply = askIfAny(socket, elementRequest(set, Message.GETSETELEM, 0, 'get', [{ key }]))
  return reply && parseElements(reply)[0]
}

/** All the elements of a set; none when there is no such set. */
export function listElements(socket: Socket, set: NamedSet): Element[] {
  const words = `list ${set.value ? 'map' : 'set'} ${set.table.family} ${set.table.name} ${set.name}`
  try {
    return dump(socket, request(set.table, Message.GETSETELEM, 0, elementList(set), words)).flatMap(
      parseElements,
    )
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}

/** The one answer to a question, or undefined when the kernel has no such thing. */
function askIfAny(socket: Socket, question: Request): Reply | undefined {
  try {
    return ask(socket, question)[0]
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

function counter({ data }: Reply, which: number): number {
  return find(data.subarray(HEADER), which)?.readUInt32BE(0) ?? 0
}

/** The data of an attribute among others. */
function find(attributes: Buffer, which: number): Buffer | undefined {
  let found: Buffer | undefined
  parseAttributes(attributes, ({ type, data }) => {
    if (type === which) found ??= data
  })
  return found
}

function parseElements({ data }: Reply): Element[] {
  const elements: Element[] = []
  const list = find(data.subarray(HEADER), Attribute.SET_ELEM_LIST_ELEMENTS)
  if (list) parseAttributes(list, (item) => elements.push(parseElement(item.data)))
  return elements
}

function parseElement(attributes: Buffer): Element {
  const data = find(attributes, Attribute.SET_ELEM_DATA)
  const verdict = data && find(data, DATA_VERDICT)
  return {
    key: find(find(attributes, Attribute.SET_ELEM_KEY) ?? Buffer.alloc(0), DATA_VALUE) ?? Buffer.alloc(0),
    value: data && find(data, DATA_VALUE),
    goto: verdict && text(find(verdict, VERDICT_CHAIN)),
    comment: parseComment(find(attributes, Attribute.SET_ELEM_USERDATA)),
  }
}

function text(bytes: Buffer | undefined): string | undefined {
  return bytes?.toString('utf8', 0, bytes.length - 1)
}

/** The comment in user data, if it begins with one as nft's and ours do. */
function parseComment(userdata: Buffer | undefined): string | undefined {
  if (!userdata || userdata[0] !== UDATA_COMMENT) return undefined
  return text(userdata.subarray(2, 2 + (userdata[1] ?? 0)))
}
