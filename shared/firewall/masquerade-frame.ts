/** The chains and maps of the masquerade by nftables: a chain for each subnet, and what all share. */

import type { Family } from '../ip/address.ts'
import { type Cidr, formatCidr, subnetOf } from '../ip/subnet.ts'
import { addTable } from '../netlink/nftables.ts'
import { addSet, type NamedSet } from '../netlink/nftables-sets.ts'
import {
  daddr,
  goto,
  inSubnet,
  masquerade,
  saddr,
  verdictStatement,
  vmap,
} from '../netlink/nftables-statements.ts'
import { ifname, ipv4Addr, ipv6Addr, mark } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import { type OurChain, restoration } from './our-chains.ts'
import { ourTable } from './table.ts'

/** The base chain, at the priority of source NAT. */
export const postrouting = 'masquerade-postrouting'
/** The chain that masquerades the packets that leave a subnet. */
export const outside = 'masquerade-outside'
/** NF_IP_PRI_NAT_SRC, include/uapi/linux/netfilter_ipv4.h. */
const srcnat = 100
/** The rules of the chain of a subnet, and of that of all. */
export const rules = 2

const multicast: Record<Family, Cidr> = {
  4: { address: { family: 4, value: 224n << 24n }, prefix: 4 },
  6: { address: { family: 6, value: 0xffn << 120n }, prefix: 8 },
}

export function table(family: Family) {
  return ourTable(family === 4 ? 'ip' : 'ip6')
}

/** Container address -> chain of its subnet. */
export function addressMap(family: Family): NamedSet {
  const key = [family === 4 ? ipv4Addr : ipv6Addr]
  return { table: table(family), name: 'masquerade-addresses', key, value: 'verdict' }
}

/** Attachment (the name of its host interface) and a number from 0 -> one of its addresses. */
export function attachmentMap(family: Family): NamedSet {
  const value = family === 4 ? ipv4Addr : ipv6Addr
  return { table: table(family), name: 'masquerade-attachments', key: [ifname, mark], value }
}

/** The chain of a subnet, `masquerade-10.1.0.0/16`. nft allows no colon in a name: an underscore replaces it. */
export function subnetChain(cidr: Cidr): string {
  return `masquerade-${formatCidr(subnetOf(cidr)).replaceAll(':', '_')}`
}

/** Requests that add what is missing of the chains that addresses lead to, and of the maps. */
export function frameAdditions(family: Family, addresses: Cidr[]): Request[] {
  const own = table(family)
  const subnets = new Map(addresses.map((cidr) => [subnetChain(cidr), subnetOf(cidr)]))
  const chains = [...subnets].map(([name, subnet]) => subnetRules(family, name, subnet))
  const missing = restoration(own, [...sharedChains(family), ...chains])
  if (missing.length === 0) return []
  return [addTable(own), addSet(addressMap(family)), addSet(attachmentMap(family)), ...missing]
}

/** The chains that all subnets share. */
function sharedChains(family: Family): OurChain[] {
  const toMulticast = [inSubnet(daddr[family], multicast[family]), verdictStatement('return')]
  return [
    { name: outside, rules: [toMulticast, [masquerade]] },
    {
      name: postrouting,
      hook: { type: 'nat', hook: 'postrouting', priority: srcnat },
      rules: [[vmap([saddr[family]], addressMap(family).name)]],
      referrers: 0,
    },
  ]
}

/** Traffic within the subnet keeps its source; the rest is masqueraded. */
function subnetRules(family: Family, name: string, subnet: Cidr): OurChain {
  return { name, rules: [[inSubnet(daddr[family], subnet), verdictStatement('return')], [goto(outside)]] }
}
