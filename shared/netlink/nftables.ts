/** nf_tables: tables, chains and rules. Each request has the equivalent `nft` command. */

import { putString, putU32be, type StreamData } from 'netlink/dist/structs.js'
import type { Statement } from './nftables-statements.ts'
import { Flag, type Request } from './socket.ts'

/** Families by nft's names: NFPROTO_… in include/uapi/linux/netfilter.h. */
export const families = { inet: 1, ip: 2, bridge: 7, ip6: 10 } as const

export interface Table {
  family: keyof typeof families
  name: string
}

/** The netfilter hook of a base chain. */
export interface Hook {
  type: 'nat' | 'filter'
  hook: keyof typeof hooks
  priority: number
}

/** NF_INET_… and NF_BR_…: the numbers are the same in both. */
const hooks = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const

/** Messages of nf_tables (enum nf_tables_msg_types). */
export const Message = {
  NEWTABLE: 0,
  GETTABLE: 1,
  DELTABLE: 2,
  NEWCHAIN: 3,
  GETCHAIN: 4,
  DELCHAIN: 5,
  NEWRULE: 6,
  GETRULE: 7,
  DELRULE: 8,
  NEWSET: 9,
  GETSET: 10,
  DELSET: 11,
  NEWSETELEM: 12,
  GETSETELEM: 13,
  DELSETELEM: 14,
  GETGEN: 16,
  NEWOBJ: 18,
  GETOBJ: 19,
  DELOBJ: 20,
} as const

/** Attributes, include/uapi/linux/netfilter/nf_tables.h. */
export const Attribute = {
  TABLE_NAME: 1,
  TABLE_USE: 3,
  CHAIN_TABLE: 1,
  CHAIN_NAME: 3,
  CHAIN_HOOK: 4,
  CHAIN_POLICY: 5,
  CHAIN_USE: 6,
  CHAIN_TYPE: 7,
  HOOK_HOOKNUM: 1,
  HOOK_PRIORITY: 2,
  RULE_TABLE: 1,
  RULE_CHAIN: 2,
  RULE_HANDLE: 3,
  RULE_EXPRESSIONS: 4,
  RULE_USERDATA: 7,
  EXPR_NAME: 1,
  EXPR_DATA: 2,
  SET_TABLE: 1,
  SET_NAME: 2,
  SET_FLAGS: 3,
  SET_KEY_TYPE: 4,
  SET_KEY_LEN: 5,
  SET_DATA_TYPE: 6,
  SET_DATA_LEN: 7,
  SET_ID: 10,
  SET_USERDATA: 13,
  SET_OBJ_TYPE: 15,
  SET_ELEM_KEY: 1,
  SET_ELEM_DATA: 2,
  SET_ELEM_USERDATA: 6,
  SET_ELEM_OBJREF: 9,
  SET_ELEM_LIST_TABLE: 1,
  SET_ELEM_LIST_SET: 2,
  SET_ELEM_LIST_ELEMENTS: 3,
  LIST_ELEM: 1,
  OBJ_TABLE: 1,
  OBJ_NAME: 2,
  OBJ_TYPE: 3,
  OBJ_DATA: 4,
  OBJ_USE: 5,
} as const

const NFNL_SUBSYS_NFTABLES = 10

/** struct nfgenmsg: family, version 0, and a resource ID, which only batches use. */
export function familyHeader(family: number, id = 0): Buffer {
  return Buffer.from([family, 0, id >> 8, id & 0xff])
}

/** A request about something in a table. @param words returns the command without `nft` */
export function request(
  table: Table,
  message: number,
  flags: number,
  attributes: StreamData,
  words: () => string,
): Request {
  return {
    type: (NFNL_SUBSYS_NFTABLES << 8) | message,
    flags,
    payload: (out) => {
      out.emit(familyHeader(families[table.family]))
      out.emit(attributes)
    },
    get attempt() {
      return `nft ${words()}`
    },
    get reproduce() {
      return `nft ${words()}`
    },
  }
}

/** A table in the syntax of nft: `ip patchbay`. */
export function place({ family, name }: Table): string {
  return `${family} ${name}`
}

/** `nft add table` */
export function addTable(table: Table): Request {
  return request(table, Message.NEWTABLE, Flag.CREATE, tableName(table), () => `add table ${place(table)}`)
}

/** `nft delete table`, with everything in it. */
export function deleteTable(table: Table): Request {
  return request(table, Message.DELTABLE, 0, tableName(table), () => `delete table ${place(table)}`)
}

export function tableName({ name }: Table): StreamData {
  return (out) => out.push(Attribute.TABLE_NAME, putString(name))
}

export function chainName({ name }: Table, chain: string): StreamData {
  return (out) => {
    out.push(Attribute.CHAIN_TABLE, putString(name))
    out.push(Attribute.CHAIN_NAME, putString(chain))
  }
}

/** `nft add chain`; with a hook, a base chain. */
export function addChain(table: Table, name: string, hook?: Hook): Request {
  const attributes: StreamData = (out) => {
    out.emit(chainName(table, name))
    if (hook) out.emit(hookAttributes(hook))
  }
  const words = () => `add chain ${place(table)} ${name}${hook ? ` ${formatHook(hook)}` : ''}`
  return request(table, Message.NEWCHAIN, Flag.CREATE, attributes, words)
}

function hookAttributes({ type, hook, priority }: Hook): StreamData {
  return (out) => {
    out.push(Attribute.CHAIN_TYPE, putString(type))
    out.push(Attribute.CHAIN_HOOK, (out) => {
      out.push(Attribute.HOOK_HOOKNUM, putU32be(hooks[hook]))
      out.push(Attribute.HOOK_PRIORITY, putU32be(priority >>> 0))
    })
  }
}

function formatHook({ type, hook, priority }: Hook): string {
  return `{ type ${type} hook ${hook} priority ${priority}; }`
}

/** `nft delete chain`, with its rules. The kernel refuses (EBUSY) while a rule or an element leads to it. */
export function deleteChain(table: Table, name: string): Request {
  const words = () => `delete chain ${place(table)} ${name}`
  return request(table, Message.DELCHAIN, 0, chainName(table, name), words)
}

/** `nft add rule`, after the chain's other rules. */
export function addRule(table: Table, chain: string, statements: Statement[]): Request {
  const words = () => `add rule ${place(table)} ${chain} ${statements.map(({ words }) => words).join(' ')}`
  const attributes = ruleAttributes(table, chain, statements)
  return request(table, Message.NEWRULE, Flag.CREATE | Flag.APPEND, attributes, words)
}

/** `nft insert rule`, before the chain's other rules. @param comment at most 128 bytes */
export function insertRule(table: Table, chain: string, statements: Statement[], comment: string): Request {
  const rule = [...statements.map(({ words }) => words), `comment ${JSON.stringify(comment)}`].join(' ')
  const words = () => `insert rule ${place(table)} ${chain} ${rule}`
  const attributes: StreamData = (out) => {
    out.emit(ruleAttributes(table, chain, statements))
    out.push(Attribute.RULE_USERDATA, commentData(comment))
  }
  return request(table, Message.NEWRULE, Flag.CREATE, attributes, words)
}

/** The type of user data with a comment, which nft writes and shows (libnftnl's udata.h). */
const UDATA_COMMENT = 0

/** The user data of a rule or an element with a comment. */
export function commentData(comment: string): Buffer {
  const text = putString(comment)
  return Buffer.concat([Buffer.from([UDATA_COMMENT, text.length]), text])
}

function ruleAttributes(table: Table, chain: string, statements: Statement[]): StreamData {
  return (out) => {
    out.emit(ruleChain(table, chain))
    out.push(Attribute.RULE_EXPRESSIONS, (out) => {
      for (const { name, attributes } of statements.flatMap(({ expressions }) => expressions)) {
        out.push(Attribute.LIST_ELEM, (out) => {
          out.push(Attribute.EXPR_NAME, putString(name))
          out.push(Attribute.EXPR_DATA, attributes)
        })
      }
    })
  }
}

/** `nft flush chain` */
export function flushChain(table: Table, chain: string): Request {
  const words = () => `flush chain ${place(table)} ${chain}`
  return request(table, Message.DELRULE, 0, ruleChain(table, chain), words)
}

/** `nft delete rule … handle`. @param handle the number in the kernel's bytes */
export function deleteRule(table: Table, chain: string, handle: Buffer): Request {
  const attributes: StreamData = (out) => {
    out.emit(ruleChain(table, chain))
    out.push(Attribute.RULE_HANDLE, handle)
  }
  const words = () => `delete rule ${place(table)} ${chain} handle ${handle.readBigUInt64BE(0)}`
  return request(table, Message.DELRULE, 0, attributes, words)
}

export function ruleChain({ name }: Table, chain: string): StreamData {
  return (out) => {
    out.push(Attribute.RULE_TABLE, putString(name))
    out.push(Attribute.RULE_CHAIN, putString(chain))
  }
}
