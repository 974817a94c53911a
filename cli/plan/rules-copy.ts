/** The plugins' own nftables tables, read before the plan and made again where it is tried: an ADD of a host that has them adds less. */

import { parseAttributes, putU32be, type StreamData } from 'netlink/dist/structs.js'
import { ourTable } from '../../shared/firewall/table.ts'
import { KernelError } from '../../shared/kernel/errno.ts'
import {
  Attribute,
  families,
  Message,
  request,
  type Table,
  tableName,
} from '../../shared/netlink/nftables.ts'
import { askIfAny, dumpIfAny, find, HEADER } from '../../shared/netlink/nftables-read.ts'
import { update } from '../../shared/netlink/nftables-transaction.ts'
import {
  closeSocket,
  Flag,
  openSocket,
  Protocol,
  type Request,
  type Socket,
} from '../../shared/netlink/socket.ts'

/** What a request to make an object again has of the kernel's message about it: by type of message, the types of attributes. */
const kept: Readonly<Record<number, readonly number[]>> = {
  [Message.NEWTABLE]: [Attribute.TABLE_NAME],
  [Message.NEWSET]: [
    ...[Attribute.SET_TABLE, Attribute.SET_NAME, Attribute.SET_FLAGS, Attribute.SET_KEY_TYPE],
    ...[Attribute.SET_KEY_LEN, Attribute.SET_DATA_TYPE, Attribute.SET_DATA_LEN, Attribute.SET_USERDATA],
    Attribute.SET_OBJ_TYPE,
  ],
  [Message.NEWOBJ]: [Attribute.OBJ_TABLE, Attribute.OBJ_NAME, Attribute.OBJ_TYPE, Attribute.OBJ_DATA],
  [Message.NEWCHAIN]: [
    ...[Attribute.CHAIN_TABLE, Attribute.CHAIN_NAME, Attribute.CHAIN_HOOK, Attribute.CHAIN_POLICY],
    Attribute.CHAIN_TYPE,
  ],
  [Message.NEWSETELEM]: [
    ...[Attribute.SET_ELEM_LIST_TABLE, Attribute.SET_ELEM_LIST_SET, Attribute.SET_ELEM_LIST_ELEMENTS],
  ],
  [Message.NEWRULE]: [
    ...[Attribute.RULE_TABLE, Attribute.RULE_CHAIN, Attribute.RULE_EXPRESSIONS, Attribute.RULE_USERDATA],
  ],
}

/** An object of a table as the kernel tells of it. */
interface Copy {
  table: Table
  message: number
  attributes: Buffer
}

/** The objects of our tables in the order in which they can be made; none without nftables. */
export function readRules(): Copy[] {
  const socket = openSocket(Protocol.NETFILTER)
  try {
    return (Object.keys(families) as Table['family'][]).flatMap((family) => ofTable(socket, ourTable(family)))
  } catch (error) {
    if (error instanceof KernelError) return []
    throw error
  } finally {
    closeSocket(socket)
  }
}

function ofTable(socket: Socket, table: Table): Copy[] {
  const get = (message: number, attributes: StreamData) =>
    request(table, message, 0, attributes, () => 'list ruleset')
  const found = askIfAny(socket, get(Message.GETTABLE, tableName(table)))
  if (!found) return []
  const list = (asked: number, message: number, attributes: StreamData = tableName(table)) =>
    dumpIfAny(socket, get(asked, attributes))
      .map(({ data }) => ({ table, message, attributes: data.subarray(HEADER) }))
      .filter(({ attributes }) => tableOf(attributes) === table.name)
  const sets = list(Message.GETSET, Message.NEWSET)
  const elements = sets.flatMap(({ attributes }) =>
    list(Message.GETSETELEM, Message.NEWSETELEM, (out) => {
      out.emit(tableName(table))
      out.push(Attribute.SET_ELEM_LIST_SET, find(attributes, Attribute.SET_NAME) ?? Buffer.alloc(0))
    }),
  )
  return [
    { table, message: Message.NEWTABLE, attributes: found.data.subarray(HEADER) },
    ...sets,
    ...list(Message.GETOBJ, Message.NEWOBJ),
    ...list(Message.GETCHAIN, Message.NEWCHAIN),
    ...elements,
    ...list(Message.GETRULE, Message.NEWRULE),
  ]
}

/** The table's name has the same type in all messages. */
function tableOf(attributes: Buffer): string | undefined {
  return find(attributes, Attribute.TABLE_NAME)?.toString().replace(/\0$/, '')
}

/** Makes them in the namespace of this process, all or none. */
export function makeRules(copies: readonly Copy[]): void {
  const socket = openSocket(Protocol.NETFILTER)
  try {
    update(socket, () => copies.map(creation))
  } catch (error) {
    // The plan is then that of a host without them.
    if (!(error instanceof KernelError)) throw error
  } finally {
    closeSocket(socket)
  }
}

function creation({ table, message, attributes }: Copy, number: number): Request {
  const flags = message === Message.NEWRULE ? Flag.CREATE | Flag.APPEND : Flag.CREATE
  const wanted = kept[message] ?? []
  const payload: StreamData = (out) => {
    parseAttributes(attributes, ({ type, data }) => {
      if (wanted.includes(type)) out.push(type, data)
    })
    if (message === Message.NEWSET) out.push(Attribute.SET_ID, putU32be(number + 1))
  }
  return request(table, message, flags, payload, () => 'add table')
}
