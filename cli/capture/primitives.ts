/** What a filter's words ask of a frame: EtherTypes, protocols, addresses and ports (RFC 791, 826, 8200). */

import { toBytes } from '../../shared/ip/address.ts'
import { type Cidr, networkOf } from '../../shared/ip/subnet.ts'
import {
  all,
  any,
  byteAt,
  type Condition,
  equals,
  hasBits,
  masked,
  none,
  protocol,
  shortAt,
  shortBehindIpv4,
  wordAt,
} from './condition.ts'

const isIpv4 = equals(protocol, 0x0800)
const isIpv6 = equals(protocol, 0x86dd)
const isArp = equals(protocol, 0x0806)

/** The protocol in an IPv4 header, and the next header of IPv6, without extension headers. */
const ipv4Protocol = (number: number) => all(isIpv4, equals(byteAt(9), number))
const ipv6Protocol = (number: number) => all(isIpv6, equals(byteAt(6), number))
const ofBoth = (number: number) => any(ipv4Protocol(number), ipv6Protocol(number))

/** Numbers of IANA. */
const protocols = {
  tcp: ofBoth(6),
  udp: ofBoth(17),
  sctp: ofBoth(132),
  icmp: ipv4Protocol(1),
  icmp6: ipv6Protocol(58),
  arp: isArp,
  ip: isIpv4,
  ip6: isIpv6,
} as const satisfies Record<string, Condition>

export const protocolNames = Object.keys(protocols) as readonly (keyof typeof protocols)[]

export function isProtocol(word: string): word is keyof typeof protocols {
  return Object.hasOwn(protocols, word)
}

export function ofProtocol(name: keyof typeof protocols): Condition {
  return protocols[name]
}

/** Without a direction, either. */
export type Direction = 'src' | 'dst'

function either(direction: Direction | undefined, source: Condition, destination: Condition): Condition {
  if (direction === undefined) return any(source, destination)
  return direction === 'src' ? source : destination
}

/** From or to an address of a subnet; with the addresses that ARP asks for. */
export function fromHosts(subnet: Cidr, direction: Direction | undefined): Condition {
  const at = (offset: number) => all(...within(subnet, offset))
  if (subnet.address.family === 6) return all(isIpv6, either(direction, at(8), at(24)))
  return any(all(isIpv4, either(direction, at(12), at(16))), all(isArp, either(direction, at(14), at(24))))
}

/** A comparison for each word of an address that the subnet fixes. */
function within(subnet: Cidr, offset: number): Condition[] {
  const bytes = toBytes(networkOf(subnet))
  const tests: Condition[] = []
  for (let at = 0; at < bytes.length && (at === 0 || at * 8 < subnet.prefix); at += 4) {
    const bits = Math.min(32, subnet.prefix - at * 8)
    const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
    const load = wordAt(offset + at)
    tests.push(equals(bits === 32 ? load : masked(load, mask), bytes.readUInt32BE(at)))
  }
  return tests
}

const isFirstFragment = none(hasBits(shortAt(6), 0x1fff))

/** TCP, UDP or SCTP from or to a port. Later fragments have no ports. */
export function ofPort(port: number, direction: Direction | undefined): Condition {
  const ported = (of: (number: number) => Condition) => any(of(6), of(17), of(132))
  const behind = (offset: number) => equals(shortBehindIpv4(offset), port)
  const ipv4 = all(ported(ipv4Protocol), isFirstFragment, either(direction, behind(0), behind(2)))
  const at = (offset: number) => equals(shortAt(40 + offset), port)
  return any(ipv4, all(ported(ipv6Protocol), either(direction, at(0), at(2))))
}
