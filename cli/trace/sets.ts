/** Whether a set of nftables has a key, and what its map says of it: by a question for one key, or by the list for intervals. */

import { Attribute, Message, request, type Table } from '../../shared/netlink/nftables.ts'
import { askIfAny, dumpIfAny, find, HEADER, items, text } from '../../shared/netlink/nftables-read.ts'
import { elementList, elementRequest, getSet, type NamedSet } from '../../shared/netlink/nftables-sets.ts'
import { Protocol } from '../../shared/netlink/socket.ts'
import type { Netns } from './netns.ts'
import type { Bytes } from './packet.ts'

/** What is found: in a map, its data or its verdict. */
export interface Found {
  data?: Buffer
  code?: number
  chain?: string
}

/** NFT_SET_INTERVAL; NFT_SET_ELEM_INTERVAL_END, NFT_SET_ELEM_CATCHALL; NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_KEY_END. */
const [INTERVAL, INTERVAL_END, CATCHALL, ELEM_FLAGS, ELEM_KEY_END] = [4, 1, 2, 3, 10]
/** NFTA_SET_DESC with NFTA_SET_DESC_CONCAT: the parts of a key. NFTA_SET_FIELD_LEN. */
const [SET_DESC, DESC_CONCAT, FIELD_LEN] = [9, 2, 1]
const [DATA_VALUE, DATA_VERDICT, VERDICT_CODE, VERDICT_CHAIN] = [1, 2, 1, 2]

interface Element extends Found {
  key: Buffer
  end?: Buffer
  flags: number
}

/** Bytes of a set's key; undefined when there is no such set. */
export function keyLengthOf(netns: Netns, table: Table, name: string): number | undefined {
  const reply = askIfAny(netns.socketOf(Protocol.NETFILTER), getSet({ table, name, key: [] }))
  return reply && find(reply.data.subarray(HEADER), Attribute.SET_KEY_LEN)?.readUInt32BE(0)
}

/** @returns `absent` without the key, `unknown` when that depends on bytes that are not known */
export function lookIn(netns: Netns, table: Table, name: string, key: Bytes): Found | 'absent' | 'unknown' {
  const socket = netns.socketOf(Protocol.NETFILTER)
  const set: NamedSet = { table, name, key: [] }
  const reply = askIfAny(socket, getSet(set))
  if (!reply) return 'unknown'
  const attributes = reply.data.subarray(HEADER)
  const isInterval = ((find(attributes, Attribute.SET_FLAGS)?.readUInt32BE(0) ?? 0) & INTERVAL) !== 0
  const bytes = key.every((byte) => byte !== undefined) ? Buffer.from(key as number[]) : undefined
  if (bytes && !isInterval) {
    const question = elementRequest(set, Message.GETSETELEM, 0, 'get', [{ key: bytes }])
    const found = askIfAny(socket, { ...question, attempt: `look in set ${name}`, reproduce: undefined })
    if (found) return elementsIn(found.data)[0] ?? 'absent'
  }
  const words = () => `list set ${table.family} ${table.name} ${name}`
  const listed = dumpIfAny(socket, request(table, Message.GETSETELEM, 0, elementList(set), words))
  const all = listed.flatMap(({ data }) => elementsIn(data))
  if (all.length === 0) return 'absent'
  if (!bytes) return couldHave(all, key, isInterval) ? 'unknown' : 'absent'
  const fields = items(find(attributes, SET_DESC, DESC_CONCAT)).map(
    (field) => find(field, FIELD_LEN)?.readUInt32BE(0) ?? 4,
  )
  const usual = all.filter(({ flags }) => (flags & CATCHALL) === 0)
  const found = isInterval ? inIntervals(usual, bytes, fields) : undefined
  return found ?? all.find(({ flags }) => flags & CATCHALL) ?? 'absent'
}

function elementsIn(data: Buffer): Element[] {
  return items(find(data.subarray(HEADER), Attribute.SET_ELEM_LIST_ELEMENTS)).map((element) => ({
    key: find(element, Attribute.SET_ELEM_KEY, DATA_VALUE) ?? Buffer.alloc(0),
    end: find(element, ELEM_KEY_END, DATA_VALUE),
    flags: find(element, ELEM_FLAGS)?.readUInt32BE(0) ?? 0,
    data: find(element, Attribute.SET_ELEM_DATA, DATA_VALUE),
    code: find(element, Attribute.SET_ELEM_DATA, DATA_VERDICT, VERDICT_CODE)?.readInt32BE(0),
    chain: text(find(element, Attribute.SET_ELEM_DATA, DATA_VERDICT, VERDICT_CHAIN)),
  }))
}

/** Whether an element could be the key: the known bytes are equal. */
function couldHave(all: readonly Element[], key: Bytes, isInterval: boolean): boolean {
  return all.some(
    ({ key: own, flags }) =>
      isInterval || flags & CATCHALL || key.every((byte, at) => byte === undefined || byte === own[at]),
  )
}

/** Of single values an interval is its first element and, with a flag, the one after its last; of concatenations an element has both ends. */
function inIntervals(all: readonly Element[], key: Buffer, fields: readonly number[]): Element | undefined {
  const ranges = all.filter(({ end }) => end !== undefined)
  const within = ranges.find(({ key: first, end }) => isWithin(key, first, end as Buffer, fields))
  if (within || ranges.length > 0) return within
  const isEnd = ({ flags }: Element) => flags & INTERVAL_END
  const below = all
    .filter((one) => Buffer.compare(one.key, key) <= 0)
    .sort((one, other) => Buffer.compare(one.key, other.key) || isEnd(other) - isEnd(one))
  const last = below.at(-1)
  return last && !isEnd(last) ? last : undefined
}

/** Each part of a key by itself: it begins at a multiple of four bytes. */
function isWithin(key: Buffer, first: Buffer, last: Buffer, fields: readonly number[]): boolean {
  let at = 0
  for (const length of fields.length > 0 ? fields : [key.length]) {
    const part = (bytes: Buffer) => bytes.subarray(at, at + length)
    if (Buffer.compare(part(key), part(first)) < 0 || Buffer.compare(part(key), part(last)) > 0) return false
    at += (length + 3) & ~3
  }
  return true
}
