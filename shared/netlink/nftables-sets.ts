/** nf_tables: sets, maps and their elements. Each request has the equivalent `nft` command. */

import { putString, putU32, putU32be, type StreamData } from 'netlink/dist/structs.js'
import { Attribute, commentData, Message, place, request, type Table } from './nftables.ts'
import { value, verdict } from './nftables-statements.ts'
import { type DataType, formatKey, keyId, keyLength } from './nftables-types.ts'
import { Flag, type Request } from './socket.ts'

/** A set, or a map when `value` is set: the type of its elements' values. */
export interface NamedSet {
  table: Table
  name: string
  key: DataType[]
  value?: DataType | 'verdict' | 'counter'
}

export interface Element {
  key: Buffer
  /** In a map of data. */
  value?: Buffer
  /** In a map of verdicts: the chain to go to. */
  goto?: string
  /** In a map of counters: the counter's name. */
  counter?: string
  comment?: string
}

const NFT_SET_MAP = 8
const NFT_SET_OBJECT = 0x40
export const NFT_OBJECT_COUNTER = 1
const NFT_DATA_VERDICT = 0xffffff00
/** The types of user data with the byte orders of keys and values, and nft's numbers (libnftnl's udata.h, nft's datatype.h). */
const [UDATA_SET_KEYBYTEORDER, UDATA_SET_DATABYTEORDER] = [0, 1]
const byteOrders = { host: 1, network: 2 } as const

/** The greatest length of an element's comment in nft, in bytes. */
export const commentLength = 128

/** `nft add set` or `nft add map`, without a limit of its size. */
export function addSet(set: NamedSet): Request {
  const { table, name, key, value } = set
  const attributes: StreamData = (out) => {
    out.emit(setName(set))
    out.push(Attribute.SET_FLAGS, putU32be(flagsOf(value)))
    out.push(Attribute.SET_KEY_TYPE, putU32be(keyId(key)))
    out.push(Attribute.SET_KEY_LEN, putU32be(keyLength(key)))
    if (value) out.emit(valueType(value))
    out.push(Attribute.SET_ID, putU32be(1))
    out.push(Attribute.SET_USERDATA, orders(key, value))
  }
  const types = [key.map(({ name }) => name).join(' . '), ...(value ? [valueName(value)] : [])]
  const words = () => `add ${kind(set)} ${place(table)} ${name} { type ${types.join(' : ')}; }`
  return request(table, Message.NEWSET, Flag.CREATE, attributes, words)
}

function flagsOf(value: NamedSet['value']): number {
  if (value === 'counter') return NFT_SET_OBJECT
  return value ? NFT_SET_MAP : 0
}

/** The byte orders of key and value, for nft's listings; 0 for a concatenated key. The kernel does not use them. */
function orders(key: DataType[], value: NamedSet['value']): Buffer {
  const [only] = key
  const order = key.length === 1 && only ? byteOrders[only.order] : 0
  const ofKey = userData(UDATA_SET_KEYBYTEORDER, order)
  const isData = typeof value === 'object'
  return isData ? Buffer.concat([ofKey, userData(UDATA_SET_DATABYTEORDER, byteOrders[value.order])]) : ofKey
}

function userData(type: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([type, 4]), putU32(value)])
}

function valueType(type: DataType | 'verdict' | 'counter'): StreamData {
  if (type === 'counter') return (out) => out.push(Attribute.SET_OBJ_TYPE, putU32be(NFT_OBJECT_COUNTER))
  const { id, length } = type === 'verdict' ? { id: NFT_DATA_VERDICT, length: 0 } : type
  return (out) => {
    out.push(Attribute.SET_DATA_TYPE, putU32be(id))
    out.push(Attribute.SET_DATA_LEN, putU32be(length))
  }
}

function valueName(type: DataType | 'verdict' | 'counter'): string {
  return typeof type === 'string' ? type : type.name
}

function kind({ value }: NamedSet): string {
  return value ? 'map' : 'set'
}

function setName({ table, name }: NamedSet): StreamData {
  return (out) => {
    out.push(Attribute.SET_TABLE, putString(table.name))
    out.push(Attribute.SET_NAME, putString(name))
  }
}

/** `nft list set`, without its elements. */
export function getSet(set: NamedSet): Request {
  const words = () => `list ${kind(set)} ${place(set.table)} ${set.name}`
  return request(set.table, Message.GETSET, 0, setName(set), words)
}

/** `nft delete set`, with its elements. The kernel refuses (EBUSY) while a rule uses the set. */
export function deleteSet(set: NamedSet): Request {
  const words = () => `delete ${kind(set)} ${place(set.table)} ${set.name}`
  return request(set.table, Message.DELSET, 0, setName(set), words)
}

/** `nft add element`; EEXIST when the set has the key. */
export function addElement(set: NamedSet, element: Element): Request {
  return addElements(set, [element])
}

/** The same for several elements; EEXIST when the set has one of the keys. */
export function addElements(set: NamedSet, elements: Element[]): Request {
  return elementRequest(set, Message.NEWSETELEM, Flag.CREATE | Flag.EXCL, 'add', elements)
}

/** `nft delete element`; ENOENT when the set does not have one of the keys. */
export function deleteElements(set: NamedSet, elements: Element[]): Request {
  const keys = elements.map(({ key }) => ({ key }))
  return elementRequest(set, Message.DELSETELEM, 0, 'delete', keys)
}

/** A request about elements of a set. @param verb of the `nft` command */
export function elementRequest(
  set: NamedSet,
  message: number,
  flags: number,
  verb: 'add' | 'delete' | 'get',
  elements: Element[],
): Request {
  const attributes: StreamData = (out) => {
    out.emit(elementList(set))
    out.push(Attribute.SET_ELEM_LIST_ELEMENTS, (out) => {
      for (const element of elements) out.push(Attribute.LIST_ELEM, elementAttributes(element))
    })
  }
  const words = () => {
    const listed = elements.map((element) => formatElement(set, element)).join(', ')
    return `${verb} element ${place(set.table)} ${set.name} { ${listed} }`
  }
  return request(set.table, message, flags, attributes, words)
}

export function elementList({ table, name }: NamedSet): StreamData {
  return (out) => {
    out.push(Attribute.SET_ELEM_LIST_TABLE, putString(table.name))
    out.push(Attribute.SET_ELEM_LIST_SET, putString(name))
  }
}

function elementAttributes({ key, value: data, goto, counter, comment }: Element): StreamData {
  return (out) => {
    out.push(Attribute.SET_ELEM_KEY, value(key))
    if (data) out.push(Attribute.SET_ELEM_DATA, value(data))
    if (goto) out.push(Attribute.SET_ELEM_DATA, verdict('goto', goto))
    if (comment) out.push(Attribute.SET_ELEM_USERDATA, commentData(comment))
    if (counter) out.push(Attribute.SET_ELEM_OBJREF, putString(counter))
  }
}

/** An element in nft's words: `10.1.0.2 comment "…" : goto CHAIN`. */
function formatElement(set: NamedSet, { key, value, goto, counter, comment }: Element): string {
  const words = [formatKey(set.key, key)]
  if (comment) words.push(`comment ${JSON.stringify(comment)}`)
  if (goto) words.push(`: goto ${goto}`)
  if (counter) words.push(`: "${counter}"`)
  if (value && typeof set.value === 'object') words.push(`: ${set.value.format(value)}`)
  return words.join(' ')
}
