/** Statements of nftables rules, each in nft's words and as the kernel's expressions. */

import { putString, putU32, putU32be, type StreamData } from 'netlink/dist/structs.js'
import { toBytes, width } from '../ip/address.ts'
import { type Cidr, formatCidr, networkOf } from '../ip/subnet.ts'
import { ifnameBytes, padded } from './nftables-types.ts'

/** An expression of nf_tables, with its attributes. */
export interface Expression {
  name: string
  attributes: StreamData
}

export interface Statement {
  /** As nft writes it. */
  words: string
  expressions: Expression[]
}

/** A value of a packet that a statement loads into a register to compare it. */
export interface Selector {
  words: string
  length: number
  load(register: number): Expression
}

/** Registers, include/uapi/linux/netfilter/nf_tables.h: the verdict, and the first of sixteen words. */
const NFT_REG_VERDICT = 0
export const NFT_REG32_00 = 8
/** Verdicts, ibidem; the first two are those of netfilter.h. */
const verdicts = { drop: 0, accept: 1, jump: -3, goto: -4, return: -5 } as const
const [NFT_META_IIFNAME, NFT_META_L4PROTO] = [6, 16]
export const NFT_CMP_EQ = 0
const NFT_CMP_NEQ = 1
const [NFT_PAYLOAD_LL_HEADER, NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER] = [0, 1, 2]
/** The type of an address in the routing tables: RTN_LOCAL, include/uapi/linux/rtnetlink.h. */
const [NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR, RTN_LOCAL] = [3, 2, 2]
/** The connection's status, and its bit IPS_DST_NAT, include/uapi/linux/netfilter/nf_conntrack_common.h. */
const [NFT_CT_STATUS, IPS_DST_NAT] = [2, 1 << 5]
const NFT_NAT_DNAT = 1
/** NFPROTO_…, include/uapi/linux/netfilter.h. */
const protocolFamilies = { 4: 2, 6: 10 } as const
/** NFTA_DATA_VALUE and NFTA_DATA_VERDICT, NFTA_VERDICT_CODE and NFTA_VERDICT_CHAIN. */
const [DATA_VALUE, DATA_VERDICT, VERDICT_CODE, VERDICT_CHAIN] = [1, 2, 1, 2]

/** NFTA_DATA_VALUE around bytes. */
export function value(bytes: Buffer): StreamData {
  return (out) => out.push(DATA_VALUE, bytes)
}

/** NFTA_DATA_VERDICT, for `jump` and `goto` with its chain. */
export function verdict(word: keyof typeof verdicts, chain?: string): StreamData {
  return (out) =>
    out.push(DATA_VERDICT, (out) => {
      out.push(VERDICT_CODE, putU32be(verdicts[word] >>> 0))
      if (chain !== undefined) out.push(VERDICT_CHAIN, putString(chain))
    })
}

/** An expression; its attributes are numbered from 1 in their order. Numbers are written in network order. */
export function expression(name: string, ...attributes: (StreamData | number | undefined)[]): Expression {
  return {
    name,
    attributes: (out) => {
      for (const [index, attribute] of attributes.entries()) {
        if (attribute === undefined) continue
        out.push(index + 1, typeof attribute === 'number' ? putU32be(attribute) : attribute)
      }
    },
  }
}

function payload(words: string, base: number, offset: number, length: number): Selector {
  return { words, length, load: (register) => expression('payload', register, base, offset, length) }
}

export const iifname: Selector = {
  words: 'iifname',
  length: 16,
  load: (register) => expression('meta', register, NFT_META_IIFNAME),
}
export const etherSaddr = payload('ether saddr', NFT_PAYLOAD_LL_HEADER, 6, 6)

/** Source and destination of IPv4 and IPv6 headers (RFC 791, RFC 8200). */
export const saddr = {
  4: payload('ip saddr', NFT_PAYLOAD_NETWORK_HEADER, 12, 4),
  6: payload('ip6 saddr', NFT_PAYLOAD_NETWORK_HEADER, 8, 16),
}
export const daddr = {
  4: payload('ip daddr', NFT_PAYLOAD_NETWORK_HEADER, 16, 4),
  6: payload('ip6 daddr', NFT_PAYLOAD_NETWORK_HEADER, 24, 16),
}

/** The protocol above IP, and the destination port of TCP, UDP and SCTP. */
export const l4proto: Selector = {
  words: 'meta l4proto',
  length: 1,
  load: (register) => expression('meta', register, NFT_META_L4PROTO),
}
export const dport = payload('th dport', NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2)

/** Loads selectors into consecutive registers, as the parts of a concatenation. */
function load(selectors: Selector[]): Expression[] {
  let register = NFT_REG32_00
  return selectors.map((selector) => {
    const loaded = selector.load(register)
    register += padded(selector.length) / 4
    return loaded
  })
}

/** `ip daddr 10.1.0.0/16`: matches an address in the subnet. */
export function inSubnet(selector: Selector, subnet: Cidr): Statement {
  return comparing(selector, subnet, NFT_CMP_EQ)
}

/** `ip daddr != 10.1.0.0/16`: matches an address outside the subnet. */
export function outsideSubnet(selector: Selector, subnet: Cidr): Statement {
  return comparing(selector, subnet, NFT_CMP_NEQ)
}

function comparing(selector: Selector, subnet: Cidr, operation: number): Statement {
  const cmp = expression('cmp', NFT_REG32_00, operation, value(toBytes(networkOf(subnet))))
  return {
    words: `${selector.words} ${operation === NFT_CMP_EQ ? '' : '!= '}${formatCidr(subnet)}`,
    expressions: [...load([selector]), ...masked(subnet), cmp],
  }
}

/** Clears the host part in the first register; a single address has none. */
function masked({ address: { family }, prefix }: Cidr): Expression[] {
  const bits = width(family)
  if (prefix === bits) return []
  const ones = (1n << BigInt(bits)) - (1n << BigInt(bits - prefix))
  const [mask, zero] = [toBytes({ family, value: ones }), Buffer.alloc(bits / 8)]
  return [expression('bitwise', NFT_REG32_00, NFT_REG32_00, mask.length, value(mask), value(zero))]
}

/** `iifname . ether saddr @SET`: matches when the set has the key. */
export function inSet(selectors: Selector[], set: string): Statement {
  return {
    words: `${joined(selectors)} @${set}`,
    expressions: [...load(selectors), expression('lookup', putString(set), NFT_REG32_00)],
  }
}

/** `ip saddr vmap @MAP`: runs the verdict of the map for the key. */
export function vmap(selectors: Selector[], map: string): Statement {
  const lookup = expression('lookup', putString(map), NFT_REG32_00, NFT_REG_VERDICT)
  return { words: `${joined(selectors)} vmap @${map}`, expressions: [...load(selectors), lookup] }
}

function joined(selectors: Selector[]): string {
  return selectors.map(({ words }) => words).join(' . ')
}

/** `return`, `drop`, `accept`. */
export function verdictStatement(word: 'return' | 'drop' | 'accept'): Statement {
  return { words: word, expressions: [expression('immediate', NFT_REG_VERDICT, verdict(word))] }
}

/** `dnat to SELECTORS map @MAP`: the new destination, address and port, is the value of the map for the key. */
export function dnatByMap(family: 4 | 6, selectors: Selector[], map: string): Statement {
  const port = NFT_REG32_00 + width(family) / 32
  const lookup = expression('lookup', putString(map), NFT_REG32_00, NFT_REG32_00)
  const nat = expression('nat', NFT_NAT_DNAT, protocolFamilies[family], NFT_REG32_00, undefined, port)
  return {
    words: `dnat to ${joined(selectors)} map @${map}`,
    expressions: [...load(selectors), lookup, nat],
  }
}

/** `fib daddr type local`: the destination is an address of this host. */
export const toLocal: Statement = {
  words: 'fib daddr type local',
  expressions: [
    expression('fib', NFT_REG32_00, NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR),
    expression('cmp', NFT_REG32_00, NFT_CMP_EQ, number(RTN_LOCAL)),
  ],
}

/** `ct status dnat`: the destination of the connection was changed. */
export const isDnat: Statement = {
  words: 'ct status dnat',
  expressions: [
    expression('ct', NFT_REG32_00, NFT_CT_STATUS),
    expression('bitwise', NFT_REG32_00, NFT_REG32_00, 4, number(IPS_DST_NAT), number(0)),
    expression('cmp', NFT_REG32_00, NFT_CMP_NEQ, number(0)),
  ],
}

/** `iifname != "lo"`: the packet did not come from this host itself. */
export const notFromLo: Statement = {
  words: 'iifname != "lo"',
  expressions: [
    ...load([iifname]),
    expression('cmp', NFT_REG32_00, NFT_CMP_NEQ, (out) => out.push(DATA_VALUE, ifnameBytes('lo'))),
  ],
}

/** A number in host order. Made when it is sent: a buffer in Node's snapshot would make each build another. */
function number(value: number): StreamData {
  return (out) => out.push(DATA_VALUE, putU32(value))
}

/** `goto CHAIN` */
export const goto = (chain: string) => leading('goto', chain)

/** `jump CHAIN`: at its end the packet comes back to the next rule. */
export const jump = (chain: string) => leading('jump', chain)

function leading(word: 'goto' | 'jump', chain: string): Statement {
  return {
    words: `${word} ${chain}`,
    expressions: [expression('immediate', NFT_REG_VERDICT, verdict(word, chain))],
  }
}

/** `masquerade` */
export const masquerade: Statement = { words: 'masquerade', expressions: [expression('masq')] }
