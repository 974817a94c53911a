/** What routers say of DNS (RFC 8106): the kernel passes it on when an advertisement comes, and keeps nothing of it. */

import { type Address, formatAddress, fromBytes } from '../ip/address.ts'
import { isMulticast } from '../ip/host.ts'
import { parseNames } from '../ip/names.ts'

/** RTM_NEWNDUSEROPT (include/uapi/linux/rtnetlink.h). */
export const NEWNDUSEROPT = 68
/** struct nduseroptmsg: family, length of the options, the link's index, type and code of ICMPv6; then the options. */
const [LENGTH_AT, LINK_AT, ICMP_TYPE_AT, HEADER_LENGTH] = [2, 4, 8, 16] as const
/** ICMPv6 type of a router advertisement (RFC 4861 section 4.2). */
const ADVERTISEMENT = 134
/** Types of options, whose length counts eight bytes (RFC 8106 section 5). */
const Nd = { RDNSS: 25, DNSSL: 31 } as const
/** Type, length and lifetime, before addresses or names. */
const OPTION_HEADER = 8

const most = { servers: 8, names: 16 } as const

/** The servers and search domains that routers on a link have announced, without those whose lifetime was 0. */
export interface AdvertisedDns {
  dns: Address[]
  search: string[]
}

/** Adds what a message of the kernel announces on a link; other messages, and what breaks off, change nothing. */
export function addAdvertised(known: AdvertisedDns, link: number, message: Buffer): AdvertisedDns {
  return optionsIn(link, message).reduce(withOption, known)
}

/** The options in a message of RTM_NEWNDUSEROPT. */
function optionsIn(link: number, message: Buffer): Buffer[] {
  if (message.length < HEADER_LENGTH || message.readInt32LE(LINK_AT) !== link) return []
  if (message.readUInt8(ICMP_TYPE_AT) !== ADVERTISEMENT) return []
  const options: Buffer[] = []
  const end = Math.min(message.length, HEADER_LENGTH + message.readUInt16LE(LENGTH_AT))
  for (let at: number = HEADER_LENGTH; at + OPTION_HEADER <= end; ) {
    const next = at + 8 * message.readUInt8(at + 1)
    if (next === at || next > end) break
    options.push(message.subarray(at, next))
    at = next
  }
  return options
}

function withOption(known: AdvertisedDns, option: Buffer): AdvertisedDns {
  const [type, lives, data] = [
    option.readUInt8(0),
    option.readUInt32BE(4) > 0,
    option.subarray(OPTION_HEADER),
  ]
  if (type === Nd.RDNSS)
    return { ...known, dns: changed(known.dns, serversIn(data), lives, formatAddress, most.servers) }
  if (type !== Nd.DNSSL) return known
  return { ...known, search: changed(known.search, parseNames(data) ?? [], lives, String, most.names) }
}

/** A list with items that are announced, or without items whose time is over. */
function changed<T>(
  known: readonly T[],
  named: readonly T[],
  lives: boolean,
  textOf: (item: T) => string,
  longest: number,
): T[] {
  const items = new Map(known.map((item) => [textOf(item), item]))
  for (const item of named) {
    if (lives) items.set(textOf(item), item)
    else items.delete(textOf(item))
  }
  return [...items.values()].slice(0, longest)
}

/** Those that a resolver can ask. A link-local one needs the name of the link besides: `fe80::1%eth0`. */
function serversIn(data: Buffer): Address[] {
  const servers: Address[] = []
  for (let at = 0; at + 16 <= data.length; at += 16) servers.push(fromBytes(data.subarray(at, at + 16)))
  return servers.filter((address) => address.value > 1n && !isMulticast(address))
}
