/** IP addresses of links. */

import * as rt from 'netlink/dist/rt/structs.js'
import { fromBytes, toBytes } from '../ip/address.ts'
import { type Cidr, formatCidr, lastOf } from '../ip/subnet.ts'
import { attributesIn } from './attributes.ts'
import type { LinkName } from './link.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

const { NEWADDR, DELADDR, GETADDR } = rt.MessageType
const families = { 4: 2, 6: 10 } as const

/** The kernel's number of an address family: AF_INET or AF_INET6. */
export function addressFamily(family: 4 | 6): number {
  return families[family]
}

export interface LinkAddress extends Cidr {
  /** Index of its link. */
  link: number
  /** Duplicate address detection is not finished (IPv6). */
  tentative: boolean
  /** Duplicate address detection found another host with the address (IPv6). */
  dadFailed: boolean
  /** It has no lifetime: it is not from a router or a DHCP server. */
  permanent: boolean
  /** It has the address of the other end (`peer`). */
  pointToPoint: boolean
  /** RT_SCOPE_*: 0 universe, 253 link, 254 host. */
  scope: number
}

/** Flags of a new address. */
export interface AddressFlags {
  /** No duplicate address detection (RFC 4862 section 5.4): an IPv6 address is usable at once. */
  nodad?: boolean
  /** The kernel adds no route to the subnet. */
  noprefixroute?: boolean
}

/** `ip address add CIDR dev LINK [nodad] [noprefixroute]` */
export function newAddress(link: LinkName, cidr: Cidr, { nodad, noprefixroute }: AddressFlags = {}): Request {
  const { family } = cidr.address
  const flags = { ...(nodad && family === 6 && { nodad }), ...(noprefixroute && { noprefixroute }) }
  const words = Object.keys(flags)
  const local = toBytes(cidr.address)
  const attrs: rt.AddressAttrs = { local, address: local }
  if (family === 4 && cidr.prefix < 31) attrs.broadcast = toBytes(lastOf(cidr))
  if (words.length > 0) attrs.flags = flags
  return {
    type: NEWADDR,
    flags: Flag.CREATE | Flag.EXCL,
    payload: message(link.index, cidr, attrs),
    attempt: `add address ${formatCidr(cidr)} to ${link.name}`,
    reproduce: ['ip address add', formatCidr(cidr), 'dev', link.name, ...words].join(' '),
  }
}

/** `ip address del CIDR dev LINK` */
export function removeAddress(link: LinkName, cidr: Cidr): Request {
  return {
    type: DELADDR,
    flags: 0,
    payload: message(link.index, cidr, { local: toBytes(cidr.address) }),
    attempt: `delete address ${formatCidr(cidr)} from ${link.name}`,
    reproduce: `ip address del ${formatCidr(cidr)} dev ${link.name}`,
  }
}

/** All addresses of a link. Equivalent to `ip address show dev LINK`. */
export function listAddresses(socket: Socket, link: LinkName): LinkAddress[] {
  return listAllAddresses(socket, link).filter((address) => address.link === link.index)
}

/** All addresses of a namespace. Equivalent to `ip address show`. @param link for which the error says they were asked */
export function listAllAddresses(socket: Socket, link?: LinkName): LinkAddress[] {
  const replies = dump(socket, {
    type: GETADDR,
    payload: rt.formatAddress({ index: link?.index }),
    attempt: link ? `list the addresses of ${link.name}` : 'list all addresses',
    see: link ? `ip address show dev ${link.name}` : 'ip address show',
  })
  return replies.map(({ data }) => toAddress(data))
}

/** struct ifaddrmsg: family, prefix length, flags, scope, index of the link (include/uapi/linux/if_addr.h). */
const HEADER_LENGTH = 8
/** IFA_*. With IFA_FLAGS the header's flags, which are one byte, do not count. */
const Ifa = { ADDRESS: 1, LOCAL: 2, FLAGS: 8 } as const
/** IFA_F_* */
const AddressFlag = { DADFAILED: 0x08, TENTATIVE: 0x40, PERMANENT: 0x80 } as const

/** The address in an RTM_NEWADDR message. */
function toAddress(message: Buffer): LinkAddress {
  const attribute = attributesIn(message, HEADER_LENGTH)
  const [address, local] = [attribute(Ifa.ADDRESS), attribute(Ifa.LOCAL)]
  const flags = attribute(Ifa.FLAGS)?.readUInt32LE(0) ?? message.readUInt8(2)
  return {
    address: fromBytes(local ?? address ?? Buffer.alloc(4)),
    prefix: message.readUInt8(1),
    link: message.readUInt32LE(4),
    tentative: (flags & AddressFlag.TENTATIVE) !== 0,
    dadFailed: (flags & AddressFlag.DADFAILED) !== 0,
    permanent: (flags & AddressFlag.PERMANENT) !== 0,
    pointToPoint: Boolean(local && address && !local.equals(address)),
    scope: message.readUInt8(3),
  }
}

function message(index: number, { address, prefix }: Cidr, attrs: rt.AddressAttrs): Request['payload'] {
  const data: rt.Address = { family: addressFamily(address.family), prefixlen: prefix, index }
  return (out) => rt.formatAddressMessage({ kind: 'address', data, attrs }, out)
}
