/**
 * The part of our table for host ports: its maps and chains. Networks with the same conditions share one such part, which has a
 * prefix of its own in front of all names.
 */

import { hashedName } from '../cni/identity.ts'
import type { Family } from '../ip/address.ts'
import { type Cidr, parseCidr } from '../ip/subnet.ts'
import { addChain, addRule, addTable, type Hook, type Table } from '../netlink/nftables.ts'
import { addCounter } from '../netlink/nftables-counters.ts'
import { chainUse, findElement } from '../netlink/nftables-read.ts'
import { addElements, addSet, type NamedSet } from '../netlink/nftables-sets.ts'
import {
  daddr,
  dnatByMap,
  dport,
  iifname,
  inSet,
  inSubnet,
  isDnat,
  jump,
  l4proto,
  masquerade,
  notFromLo,
  outsideSubnet,
  type Statement,
  saddr,
  toLocal,
  verdictStatement,
} from '../netlink/nftables-statements.ts'
import {
  concatenation,
  ifname,
  inetProto,
  inetService,
  ipv4Addr,
  ipv6Addr,
  mark,
  markBytes,
} from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import { type OurChain, restoration } from './our-chains.ts'
import { netfilter, ourTable } from './table.ts'

/** Bytes of protocol and port as a key. */
export const portLength = 8

/** Priorities, include/uapi/linux/netfilter_ipv4.h: NF_IP_PRI_RAW, NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC. */
const [raw, dstnat, srcnat] = [-300, -100, 100]

/** The loopback addresses (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3). */
const loopback = { 4: parseCidr('127.0.0.0/8') as Cidr, 6: parseCidr('::1/128') as Cidr }

/** The names and sets of one part of a table. */
export interface Frame {
  family: Family
  table: Table
  prefix: string
  conditions: string[]
  /** Protocol and port -> container's address and port, at any address of the host. */
  ports: NamedSet
  /** Address, protocol and port -> container's address and port. */
  addresses: NamedSet
  /** Protocol and port -> 0: taken at any address, or the number of addresses at which it is taken. */
  taken: NamedSet
  /** Attachment, by the name of its host interface -> the counter, whose use is the number of attachments. */
  attachments: NamedSet
  /** Container's address, twice: a packet to itself is masqueraded. */
  self: NamedSet
  /** Container's address, and the interface behind which it is: a packet that came by it is masqueraded. */
  neighbours: NamedSet
  /** IPv4: container's addresses at which packets from 127.0.0.0/8 are masqueraded. */
  localhost?: NamedSet
  /** Container's addresses at which all packets are masqueraded. */
  masquerade: NamedSet
}

/** Networks without conditions share `portmap`. */
export function frameOf(family: Family, conditions: string[] = []): Frame {
  const prefix = conditions.length === 0 ? 'portmap' : hashedName('portmap-', conditions.join('\n'))
  const table = ourTable(family === 4 ? 'ip' : 'ip6')
  const ip = family === 4 ? ipv4Addr : ipv6Addr
  const set = (name: string, key: NamedSet['key'], value?: NamedSet['value']): NamedSet => ({
    table,
    name: `${prefix}-${name}`,
    key,
    value,
  })
  const target = concatenation(ip, inetService)
  return {
    family,
    table,
    prefix,
    conditions,
    ports: set('ports', [inetProto, inetService], target),
    addresses: set('addresses', [ip, inetProto, inetService], target),
    taken: set('taken', [inetProto, inetService], mark),
    attachments: set('attachments', [ifname], 'counter'),
    self: set('self', [ip, ip]),
    neighbours: set('neighbours', [ip, ifname]),
    localhost: family === 4 ? set('localhost', [ip]) : undefined,
    masquerade: set('masquerade', [ip]),
  }
}

/** The sets of a frame. */
export function setsOf(frame: Frame): NamedSet[] {
  const { ports, addresses, taken, attachments, self, neighbours, localhost, masquerade } = frame
  return [
    ports,
    addresses,
    taken,
    attachments,
    self,
    neighbours,
    ...(localhost ? [localhost] : []),
    masquerade,
  ]
}

/** The counter that all elements of `attachments` refer to. */
export function counterOf({ prefix }: Frame): string {
  return `${prefix}-attachments`
}

/** The chains of a frame, those that others lead to first. */
export function chainsOf(frame: Frame): OurChain[] {
  const { family, prefix, ports, addresses, conditions } = frame
  const dnat = `${prefix}-dnat`
  const translating = [
    [dnatByMap(family, [daddr[family], l4proto, dport], addresses.name)],
    [dnatByMap(family, [l4proto, dport], ports.name)],
  ]
  return [
    // With conditions nft adds the rules that lead to it, later.
    { name: dnat, rules: translating, referrers: conditions.length > 0 ? undefined : 2 },
    { name: `${prefix}-prerouting`, hook: nat('prerouting', dstnat), rules: entrance(frame), referrers: 0 },
    { name: `${prefix}-output`, hook: nat('output', dstnat), rules: entrance(frame), referrers: 0 },
    {
      name: `${prefix}-postrouting`,
      hook: nat('postrouting', srcnat),
      rules: masquerading(frame),
      referrers: 0,
    },
    ...(family === 4 ? [guardOf(prefix)] : []),
  ]
}

/**
 * Only packets to addresses of this host enter. The kernel routes no answer to ::1 that comes from outside: a connection to ::1 is
 * refused at once, so that programs try 127.0.0.1 next. With conditions, `nft` adds the rule (portmap-conditions.ts).
 */
function entrance({ family, prefix, conditions }: Frame): Statement[][] {
  if (conditions.length > 0) return []
  const notToOne = family === 6 ? [outsideSubnet(daddr[6], loopback[6])] : []
  return [[...notToOne, toLocal, jump(`${prefix}-dnat`)]]
}

function nat(hook: Hook['hook'], priority: number): Hook {
  return { type: 'nat', hook, priority }
}

/** The chains at whose rule a packet enters a frame. */
export function entrancesOf({ prefix }: Frame): string[] {
  return [`${prefix}-prerouting`, `${prefix}-output`]
}

function masquerading({ family, self, neighbours, localhost, masquerade: all }: Frame): Statement[][] {
  const [from, to] = [saddr[family], daddr[family]]
  const fromLoopback = inSubnet(from, loopback[family])
  return [
    [isDnat, inSet([to], all.name), masquerade],
    [isDnat, inSet([from, to], self.name), masquerade],
    [isDnat, inSet([to, iifname], neighbours.name), masquerade],
    ...(localhost ? [[isDnat, fromLoopback, inSet([to], localhost.name), masquerade]] : []),
  ]
}

/** The sysctl route_localnet lets packets to and from 127.0.0.0/8 in by an interface: only those of this host are to pass. */
export function guardOf(prefix: string): OurChain {
  const drop = verdictStatement('drop')
  const rules = [saddr, daddr].map((side) => [notFromLo, inSubnet(side[4], loopback[4]), drop])
  const hook: Hook = { type: 'filter', hook: 'prerouting', priority: raw }
  return { name: `${prefix}-guard`, hook, rules, referrers: 0 }
}

/** Whether the kernel has a frame. */
export function hasFrame({ table, prefix }: Frame): boolean {
  return chainUse(netfilter(), table, `${prefix}-dnat`) !== undefined
}

/** An element of `taken` that no mapping has, protocol 0 and port 0: it is there until another program flushes the map. */
const untouched = () => ({ key: Buffer.alloc(portLength), value: markBytes(0) })

/** Whether the kernel has a frame whose map `taken` was not flushed. One look-up. */
export function isUntouched({ taken }: Frame): boolean {
  return findElement(netfilter(), taken, untouched().key) !== undefined
}

/** The request after which a frame counts as untouched: a new one, or when all that live attachments had in it is there again. */
export function markUntouched({ taken }: Frame): Request {
  return addElements(taken, [untouched()])
}

/** Requests that add a frame, or what another program has removed of its rules. @param more with a new frame */
export function frameAdditions(frame: Frame, ...more: Request[]): Request[] {
  return hasFrame(frame) ? restoration(frame.table, chainsOf(frame)) : [...frameRequests(frame), ...more]
}

/** Requests that add a frame. */
function frameRequests(frame: Frame): Request[] {
  const { table } = frame
  return [
    addTable(table),
    addCounter(table, counterOf(frame)),
    ...setsOf(frame).map(addSet),
    ...chainsOf(frame).flatMap(({ name, hook, rules }) => [
      addChain(table, name, hook),
      ...rules.map((statements) => addRule(table, name, statements)),
    ]),
  ]
}
