/** nf_tables: named counters. The kernel counts the elements of maps that refer to one, which tells whether the last is gone. */

import { putString, putU32be, type StreamData } from 'netlink/dist/structs.js'
import { Attribute, Message, place, request, type Table } from './nftables.ts'
import { askIfAny, counterIn } from './nftables-read.ts'
import { NFT_OBJECT_COUNTER } from './nftables-sets.ts'
import { Flag, type Request, type Socket } from './socket.ts'

/** `nft add counter` */
export function addCounter(table: Table, name: string): Request {
  const attributes: StreamData = (out) => {
    out.emit(identity(table, name))
    out.push(Attribute.OBJ_DATA, () => {})
  }
  return request(table, Message.NEWOBJ, Flag.CREATE, attributes, () => `add counter ${place(table)} ${name}`)
}

/** `nft delete counter`. The kernel refuses (EBUSY) while an element refers to it. */
export function deleteCounter(table: Table, name: string): Request {
  const words = () => `delete counter ${place(table)} ${name}`
  return request(table, Message.DELOBJ, 0, identity(table, name), words)
}

/** The number of elements that refer to a counter; undefined when it does not exist. */
export function counterUse(socket: Socket, table: Table, name: string): number | undefined {
  const words = () => `list counter ${place(table)} ${name}`
  const reply = askIfAny(socket, request(table, Message.GETOBJ, 0, identity(table, name), words))
  return reply && counterIn(reply, Attribute.OBJ_USE)
}

function identity({ name: table }: Table, name: string): StreamData {
  return (out) => {
    out.push(Attribute.OBJ_TABLE, putString(table))
    out.push(Attribute.OBJ_NAME, putString(name))
    out.push(Attribute.OBJ_TYPE, putU32be(NFT_OBJECT_COUNTER))
  }
}
