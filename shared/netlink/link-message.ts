/** The netlink message about a link: struct ifinfomsg (include/uapi/linux/rtnetlink.h) and its attributes. */

import { putString, putU32, type StreamData } from 'netlink/dist/structs.js'
import { formatMac, parseMac } from '../ip/mac.ts'
import { attributeIn, attributesIn, textOf, valuesIn } from './attributes.ts'
import { kindFacts } from './kinds.ts'
import type { Link, LinkSettings } from './link.ts'

const HEADER_LENGTH = 16

/** Attributes of a link (IFLA_*, include/uapi/linux/if_link.h). */
export const Ifla = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  MASTER: 10,
  TXQLEN: 13,
  OPERSTATE: 16,
  LINKINFO: 18,
  IFALIAS: 20,
  GROUP: 27,
  NET_NS_FD: 28,
  EXT_MASK: 29,
  NUM_TX_QUEUES: 31,
  LINK_NETNSID: 37,
  PROP_LIST: 52,
  ALT_IFNAME: 53,
} as const

/** Attributes in LINKINFO (IFLA_INFO_*): kind and options of the link, kind and options of the link as a port. */
const Info = { KIND: 1, DATA: 2, SLAVE_KIND: 4, SLAVE_DATA: 5 } as const

/** Flags of a link (IFF_*, include/uapi/linux/if.h). */
export const flagBits = { up: 1, promisc: 0x100, allmulti: 0x200 } as const

/**
 * The other flags that can be set (__dev_change_flags, net/core/dev.c): debug, notrailers, noarp, promisc, allmulti, multicast, portsel,
 * automedia, dynamic.
 */
const settable = 0x4 | 0x20 | 0x80 | 0x100 | 0x200 | 0x1000 | 0x2000 | 0x4000 | 0x8000

/** IFF_LOWER_UP: set at once, unlike the operational state. */
const LOWER_UP = 0x10000

/** Operational state of RFC 2863, IF_OPER_UP. */
const IF_OPER_UP = 6

/** The attributes of a new message, by type; those without a value are left out. */
export type AttributeList = readonly (readonly [type: number, value: StreamData | undefined])[]

/** The message about a link; also the peer's message in the data of a veth. */
export function linkMessage(
  { family = 0, index = 0 }: { family?: number; index?: number },
  attributes: AttributeList,
  settings: Pick<LinkSettings, keyof typeof flagBits | 'flags'> = {},
): StreamData {
  const { flags } = settings
  const header = Buffer.alloc(HEADER_LENGTH)
  header[0] = family
  header.writeInt32LE(index, 4)
  const [values, changed] = [flags ?? 0, flags === undefined ? 0 : settable]
  header.writeUInt32LE(values | bitsOf((flag) => settings[flag] ?? false), 8)
  header.writeUInt32LE(changed | bitsOf((flag) => settings[flag] !== undefined), 12)
  return (out) => {
    out.emit(header)
    for (const [type, value] of attributes) if (value !== undefined) out.push(type, value)
  }
}

function bitsOf(isSet: (flag: keyof typeof flagBits) => boolean): number {
  const of = (flag: keyof typeof flagBits) => (isSet(flag) ? flagBits[flag] : 0)
  return of('up') | of('promisc') | of('allmulti')
}

/** A link's settings as attributes. */
export function settingsOf({
  name,
  mac,
  mtu,
  txqlen,
  group,
  master,
  netns,
  alias,
}: LinkSettings): AttributeList {
  return [
    [Ifla.IFNAME, name === undefined ? undefined : putString(name)],
    [Ifla.ADDRESS, mac ? parseMac(mac) : undefined],
    [Ifla.MTU, u32(mtu)],
    [Ifla.TXQLEN, u32(txqlen)],
    [Ifla.GROUP, u32(group)],
    [Ifla.MASTER, u32(master === null ? 0 : master?.index)],
    [Ifla.NET_NS_FD, u32(netns?.fd)],
    [Ifla.IFALIAS, alias === undefined ? undefined : putString(alias)],
  ]
}

function u32(value: number | undefined): Buffer | undefined {
  return value === undefined ? undefined : putU32(value)
}

/** IFNAMSIZ, include/uapi/linux/if.h, less the terminating NUL. */
const NAME_LENGTH = 15

/** A link by one of its names. The kernel looks both attributes up among all names of links (rtnl_dev_get, net/core/rtnetlink.c). */
export function named(name: string): AttributeList {
  const isShort = Buffer.byteLength(name) <= NAME_LENGTH
  return [[isShort ? Ifla.IFNAME : Ifla.ALT_IFNAME, putString(name)]]
}

/** A link's kind with the options of the kind. */
export function kindOf(kind: string, data?: StreamData): AttributeList {
  return [[Ifla.LINKINFO, info(Info.KIND, kind, Info.DATA, data)]]
}

/** The kind of a port's master with its options for the port. */
export function portOf(kind: string, data: StreamData): AttributeList {
  return [[Ifla.LINKINFO, info(Info.SLAVE_KIND, kind, Info.SLAVE_DATA, data)]]
}

function info(kindType: number, kind: string, dataType: number, data: StreamData | undefined): StreamData {
  return (out) => {
    out.push(kindType, putString(kind))
    if (data) out.push(dataType, data)
  }
}

/** The link in an RTM_NEWLINK message. */
export function toLink({ data: message }: { data: Buffer }): Link {
  const attribute = attributesIn(message, HEADER_LENGTH)
  const info = attributesIn(attribute(Ifla.LINKINFO) ?? Buffer.alloc(0))
  const mac = attribute(Ifla.ADDRESS)
  const flags = message.readUInt32LE(8)
  const [index, kind] = [message.readInt32LE(4), textOf(info(Info.KIND))]
  const altNames = attribute(Ifla.PROP_LIST)
  return {
    index,
    name: textOf(attribute(Ifla.IFNAME)) ?? '',
    kind,
    mac: mac ? formatMac(mac) : '',
    mtu: attribute(Ifla.MTU)?.readUInt32LE(0) ?? 0,
    txqlen: attribute(Ifla.TXQLEN)?.readUInt32LE(0),
    up: (flags & flagBits.up) !== 0,
    running: attribute(Ifla.OPERSTATE)?.[0] === IF_OPER_UP,
    carrier: (flags & LOWER_UP) !== 0,
    promisc: (flags & flagBits.promisc) !== 0,
    flags: flags & settable,
    group: attribute(Ifla.GROUP)?.readUInt32LE(0) ?? 0,
    master: attribute(Ifla.MASTER)?.readUInt32LE(0),
    // The kernel leaves out the parent when its index equals the link's.
    parent:
      attribute(Ifla.LINK)?.readUInt32LE(0) ?? (kindFacts(kind).hidesParentNamespace ? index : undefined),
    parentNamespace: attribute(Ifla.LINK_NETNSID)?.readInt32LE(0),
    alias: textOf(attribute(Ifla.IFALIAS)),
    altNames: altNames && valuesIn(altNames).flatMap((name) => textOf(name) ?? []),
    data: info(Info.DATA),
    portData: info(Info.SLAVE_DATA),
  }
}

/** A link that has an alias, with no more of its message. */
export interface Aliased {
  index: number
  name: string
  alias: string
}

/** Such a link of an RTM_NEWLINK message; undefined without an alias. For long lists. */
export function toAliased({ data: message }: { data: Buffer }): Aliased | undefined {
  const alias = textOf(attributeIn(message, Ifla.IFALIAS, HEADER_LENGTH))
  if (alias === undefined) return undefined
  const name = textOf(attributeIn(message, Ifla.IFNAME, HEADER_LENGTH)) ?? ''
  return { index: message.readInt32LE(4), name, alias }
}
