/** Rules: in which routing table the kernel looks up a packet. Ours choose by the source address. */

import { putU32 } from 'netlink/dist/structs.js'
import { type Address, formatAddress, fromBytes, sameAddress, toBytes, width } from '../ip/address.ts'
import { tolerate } from '../kernel/errno.ts'
import { addressFamily } from './address.ts'
import { attributesIn } from './attributes.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

/** RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE, include/uapi/linux/rtnetlink.h. */
const [NEWRULE, DELRULE, GETRULE] = [32, 33, 34]

/** struct fib_rule_hdr, include/uapi/linux/fib_rules.h: family, lengths of destination and source, TOS, table, two unused, action, flags. */
const HEADER_LENGTH = 12
const [DST_LENGTH, SRC_LENGTH, TOS, TABLE, ACTION, FLAGS] = [1, 2, 3, 4, 7, 8]
/** FR_ACT_TO_TBL */
const TO_TABLE = 1
/** FIB_RULE_INVERT */
const INVERTED = 2
/** FRA_* */
const Fra = { SRC: 2, PRIORITY: 6, TABLE: 15 } as const
/** FRA_DST, IIFNAME, GOTO, FWMARK, FLOW, TUN_ID, FWMASK, OIFNAME, L3MDEV, UID_RANGE, IP_PROTO, SPORT_RANGE, DPORT_RANGE, DSCP, FLOWLABEL */
const conditions = [1, 3, 4, 10, 11, 12, 16, 17, 19, 20, 22, 23, 24, 25, 26]

/** A rule that sends the packets from one address to a table. */
export interface SourceRule {
  from: Address
  table: number
  /** Rules with a smaller number come first. Default: before all others but that of table local. */
  priority?: number
}

/** A rule in the kernel. */
export interface KernelRule {
  table: number
  /** What it is, if it has one source address for its only condition. */
  source?: SourceRule
}

/** `ip rule add from ADDRESS lookup TABLE [priority N]`; EEXIST when there is such a rule of the same priority. */
export function newRule(rule: SourceRule): Request {
  return request(NEWRULE, Flag.CREATE | Flag.EXCL, rule, 'add')
}

/** `ip rule del from ADDRESS lookup TABLE [priority N]`, of several the first; ENOENT when there is none. */
export function removeRule(rule: SourceRule): Request {
  return request(DELRULE, 0, rule, 'delete')
}

/** All rules of a family: `ip rule show`. None where the kernel has no policy routing (CONFIG_IP_MULTIPLE_TABLES), or not this family. */
export function listRules(socket: Socket, family: 4 | 6): KernelRule[] {
  const header = Buffer.alloc(HEADER_LENGTH)
  header[0] = addressFamily(family)
  const list = () =>
    dump(socket, {
      type: GETRULE,
      payload: (out) => out.emit(header),
      attempt: 'list rules',
      see: `ip -${family} rule show`,
    })
  const replies = tolerate(list, 'EAFNOSUPPORT', 'EOPNOTSUPP') ?? []
  return replies.map(({ data }) => toRule(data, family)).filter(({ family: own }) => own === family)
}

function toRule(message: Buffer, family: 4 | 6): KernelRule & { family?: number } {
  const attribute = attributesIn(message, HEADER_LENGTH)
  const table = attribute(Fra.TABLE)?.readUInt32LE(0) ?? message[TABLE] ?? 0
  const own = message[0] === addressFamily(family) ? family : undefined
  const from = attribute(Fra.SRC)
  const isSimple =
    message[SRC_LENGTH] === width(family) &&
    message[DST_LENGTH] === 0 &&
    message[TOS] === 0 &&
    message[ACTION] === TO_TABLE &&
    (message.readUInt32LE(FLAGS) & INVERTED) === 0 &&
    conditions.every((type) => attribute(type) === undefined)
  if (!from || !isSimple) return { family: own, table }
  const priority = attribute(Fra.PRIORITY)?.readUInt32LE(0)
  return { family: own, table, source: { from: fromBytes(from), table, priority } }
}

/** Whether two rules are for the same address and table. */
export function sameRule(one: SourceRule, other: SourceRule): boolean {
  return one.table === other.table && sameAddress(one.from, other.from)
}

function request(type: number, flags: number, rule: SourceRule, verb: 'add' | 'delete'): Request {
  const { from, table, priority } = rule
  const header = Buffer.alloc(HEADER_LENGTH)
  header[0] = addressFamily(from.family)
  header[SRC_LENGTH] = width(from.family)
  header[TABLE] = table < 256 ? table : 0
  header[ACTION] = TO_TABLE
  const words = `from ${formatAddress(from)} lookup ${table}`
  const first = from.family === 6 ? 'ip -6' : 'ip'
  return {
    type,
    flags,
    payload: (out) => {
      out.emit(header)
      out.push(Fra.SRC, toBytes(from))
      out.push(Fra.TABLE, putU32(table))
      if (priority !== undefined) out.push(Fra.PRIORITY, putU32(priority))
    },
    attempt: `${verb} rule ${words}`,
    see: `ip -${from.family} rule show`,
    reproduce: `${first} rule ${verb === 'add' ? 'add' : 'del'} ${words}${priority === undefined ? '' : ` priority ${priority}`}`,
  }
}
