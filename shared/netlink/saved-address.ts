/** The addresses of a link as the kernel's own messages, so that all their attributes can be restored: peer, scope, label, metric, flags, lifetimes. */

import * as rt from 'netlink/dist/rt/structs.js'
import { fromBytes } from '../ip/address.ts'
import { formatCidr } from '../ip/subnet.ts'
import { attributesIn } from './attributes.ts'
import type { LinkName } from './link.ts'
import { dump, Flag, type Request, type Socket } from './socket.ts'

const { NEWADDR, GETADDR } = rt.MessageType

/** struct ifaddrmsg: family, prefix length, flags, scope, index. */
const HEADER_LENGTH = 8
const AF_INET6 = 10
/** IFA_*, include/uapi/linux/if_addr.h. */
const Ifa = { ADDRESS: 1, LOCAL: 2, CACHEINFO: 6, FLAGS: 8 } as const
/** IFA_F_*: those that a request may set (optimistic, homeaddress, managetempaddr, noprefixroute, mcautojoin). */
const settable = 0x4 | 0x10 | 0x100 | 0x200 | 0x400
const [TEMPORARY, NODAD, DADFAILED] = [0x1, 0x2, 0x8]
const FOREVER = 0xffffffff

/**
 * The addresses of a link in the order in which they are to be added, without temporary ones (RFC 8981), which the kernel makes.
 * Equivalent to `ip address save dev LINK`.
 */
export function saveAddresses(socket: Socket, link: LinkName): Buffer[] {
  const found = list(socket, link)
  const isIpv6 = (message: Buffer) => message[0] === AF_INET6
  // The kernel lists IPv6 addresses with the newest first (ipv6_link_dev_addr).
  return [...found.filter((message) => !isIpv6(message)), ...found.filter(isIpv6).reverse()]
}

function list(socket: Socket, { index, name }: LinkName): Buffer[] {
  return dump(socket, {
    type: GETADDR,
    payload: rt.formatAddress({ index }),
    attempt: `list the addresses of ${name}`,
    see: `ip address show dev ${name}`,
  })
    .map(({ data }) => data)
    .filter((message) => message.readUInt32LE(4) === index && isOwn(message))
}

function isOwn(message: Buffer): boolean {
  return message[0] !== AF_INET6 || (flagsOf(message) & (TEMPORARY | DADFAILED)) === 0
}

function flagsOf(message: Buffer): number {
  return attributesIn(message, HEADER_LENGTH)(Ifa.FLAGS)?.readUInt32LE(0) ?? message[2] ?? 0
}

/**
 * Adds a saved address to a link, an IPv6 address without duplicate address detection. Equivalent to `ip address restore`.
 * @param age the seconds since it was saved
 * @returns undefined when its lifetime is over
 */
export function restoreAddress(link: LinkName, saved: Buffer, age: number): Request | undefined {
  const message = Buffer.from(saved)
  const attribute = attributesIn(message, HEADER_LENGTH)
  const lifetimes = attribute(Ifa.CACHEINFO)
  if (lifetimes && !shorten(lifetimes, age)) return undefined
  const isIpv6 = message[0] === AF_INET6
  message[2] = 0
  message.writeUInt32LE(link.index, 4)
  attribute(Ifa.FLAGS)?.writeUInt32LE((flagsOf(saved) & settable) | (isIpv6 ? NODAD : 0), 0)
  const cidr = formatCidr({
    address: fromBytes(attribute(Ifa.LOCAL) ?? attribute(Ifa.ADDRESS) ?? Buffer.alloc(4)),
    prefix: message[1] ?? 0,
  })
  return {
    type: NEWADDR,
    flags: Flag.CREATE | Flag.EXCL,
    payload: (out) => out.emit(message),
    attempt: `add address ${cidr} to ${link.name}`,
    reproduce: `ip address add ${cidr} dev ${link.name}`,
  }
}

/** struct ifa_cacheinfo begins with the preferred and the valid lifetime, in seconds. @returns false when the address has none left */
function shorten(lifetimes: Buffer, age: number): boolean {
  for (const at of [0, 4]) {
    const seconds = lifetimes.readUInt32LE(at)
    if (seconds !== FOREVER) lifetimes.writeUInt32LE(Math.max(0, seconds - age), at)
  }
  return lifetimes.readUInt32LE(4) > 0
}
