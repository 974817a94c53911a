/** The nftables rules of a namespace, of all programs: base chains at once, rules and sets when a packet comes to them. */

import { isErrno } from '../../shared/kernel/errno.ts'
import {
  Attribute,
  families,
  familyHeader,
  Message,
  request,
  type Table,
} from '../../shared/netlink/nftables.ts'
import {
  dumpIfAny,
  expressionsOf,
  find,
  HEADER,
  items,
  listRules,
  nameOf,
  type Rule,
  text,
} from '../../shared/netlink/nftables-read.ts'
import { requireNftables } from '../../shared/netlink/nftables-transaction.ts'
import { Protocol, type Request } from '../../shared/netlink/socket.ts'
import { type Netns, shownBy } from './netns.ts'

export interface BaseChain {
  table: Table
  name: string
  /** NF_INET_…, include/uapi/linux/netfilter.h. */
  hook: number
  priority: number
  type: string
  drops: boolean
}

/** A rule with what it does, in order. */
export interface ReadRule {
  /** For evidence: `nftables inet filter forward handle 5`. */
  where: string
  expressions: { name: string; data: Buffer }[]
}

export interface Ruleset {
  netns: Netns
  bases: readonly BaseChain[]
  /** The links at which chains of the family netdev look: those are not evaluated. */
  atDevices: ReadonlySet<string>
  rulesOf(table: Table, chain: string): readonly ReadRule[]
}

/** Attributes of a chain's hook, and of a table: NFTA_HOOK_DEV, NFTA_HOOK_DEVS, NFTA_DEVICE_NAME, NFTA_TABLE_FLAGS. */
const [HOOK_DEV, HOOK_DEVS, TABLE_FLAGS] = [3, 4, 2]
/** NFPROTO_NETDEV, NF_DROP, NFT_TABLE_F_DORMANT */
const [NETDEV, NF_DROP, DORMANT] = [5, 0, 1]

/** Undefined when the kernel has no nf_tables. @throws KernelError EPERM without the right to read them */
export function rulesetOf(netns: Netns): Ruleset | undefined {
  const socket = netns.socketOf(Protocol.NETFILTER)
  try {
    requireNftables(socket)
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP')) return undefined
    throw error
  }
  const asleep = new Set(dumpIfAny(socket, listing(Message.GETTABLE, 'list tables')).flatMap(sleeping))
  const chains = dumpIfAny(socket, listing(Message.GETCHAIN, 'list chains')).map(({ data }) => data)
  const rules = new Map<string, ReadRule[]>()
  return {
    netns,
    bases: chains
      .flatMap(baseOf)
      .filter(({ table }) => !asleep.has(`${families[table.family]} ${table.name}`)),
    atDevices: new Set(chains.flatMap(devicesOf)),
    rulesOf: (table, chain) => {
      const where = `${table.family} ${table.name} ${chain}`
      const known = rules.get(where) ?? listRules(socket, table, chain).map((rule) => readRule(where, rule))
      rules.set(where, known)
      return known
    },
  }
}

/** The command that shows a chain. */
export function showChain(netns: Netns, where: string): string {
  const [family, table, chain] = where.replace(/^nftables /, '').split(' ')
  return shownBy(netns, `nft -a list chain ${family} ${table} ${chain}`)
}

function listing(message: number, words: string): Request {
  const any: Table = { family: 'inet', name: '' }
  return {
    ...request(
      any,
      message,
      0,
      () => {},
      () => words,
    ),
    payload: familyHeader(0),
  }
}

function sleeping({ data }: { data: Buffer }): string[] {
  const attributes = data.subarray(HEADER)
  const flags = find(attributes, TABLE_FLAGS)?.readUInt32BE(0) ?? 0
  return flags & DORMANT ? [`${data[0]} ${text(find(attributes, Attribute.TABLE_NAME))}`] : []
}

function baseOf(data: Buffer): BaseChain[] {
  const attributes = data.subarray(HEADER)
  const hook = find(attributes, Attribute.CHAIN_HOOK)
  const family = (Object.keys(families) as Table['family'][]).find((name) => families[name] === data[0])
  if (!hook || !family) return []
  return [
    {
      table: { family, name: text(find(attributes, Attribute.CHAIN_TABLE)) ?? '' },
      name: text(find(attributes, Attribute.CHAIN_NAME)) ?? '',
      hook: find(hook, Attribute.HOOK_HOOKNUM)?.readUInt32BE(0) ?? -1,
      priority: find(hook, Attribute.HOOK_PRIORITY)?.readInt32BE(0) ?? 0,
      type: text(find(attributes, Attribute.CHAIN_TYPE)) ?? 'filter',
      drops: find(attributes, Attribute.CHAIN_POLICY)?.readUInt32BE(0) === NF_DROP,
    },
  ]
}

/** NF_INET_INGRESS: a hook of family inet that belongs to devices. */
const INET_INGRESS = 5

function devicesOf(data: Buffer): string[] {
  const hook = find(data.subarray(HEADER), Attribute.CHAIN_HOOK)
  if (!hook) return []
  const isAtDevice =
    data[0] === NETDEV || find(hook, Attribute.HOOK_HOOKNUM)?.readUInt32BE(0) === INET_INGRESS
  if (!isAtDevice) return []
  const one = text(find(hook, HOOK_DEV))
  return [...(one ? [one] : []), ...items(find(hook, HOOK_DEVS)).flatMap((name) => text(name) ?? [])]
}

function readRule(where: string, rule: Rule): ReadRule {
  const expressions = expressionsOf(rule.attributes).map((one) => ({
    name: nameOf(one) ?? '',
    data: find(one, Attribute.EXPR_DATA) ?? Buffer.alloc(0),
  }))
  return { where: `nftables ${where} handle ${rule.handle.readBigUInt64BE(0)}`, expressions }
}
