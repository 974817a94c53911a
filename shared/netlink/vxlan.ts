/** VXLAN tunnel endpoints (VTEPs): Ethernet frames in UDP datagrams (RFC 7348). */

import * as ifla from 'netlink/dist/rt/ifla.js'
import { getU16be, parseAttributes, putU8, putU16be, type StreamData } from 'netlink/dist/structs.js'
import { formatAddress, fromBytes, parseAddress, toBytes } from '../ip/address.ts'
import { wordsOf } from './command.ts'
import { changeKind, type LinkName, type LinkSettings, newLink } from './link.ts'
import type { Request } from './socket.ts'

/** The VTEP accepts only packets of added VNIs (Linux 5.18, include/uapi/linux/if_link.h). */
const IFLA_VXLAN_VNIFILTER = 30

/** enum ifla_vxlan_df, include/uapi/linux/if_link.h. */
const dontFragment = ['unset', 'set', 'inherit'] as const

/** The options of a VTEP that Patchbay sets and reads. Addresses are in canonical form. */
export interface VxlanOptions {
  /** 24 bits. 0 in external mode, where each packet has its own. */
  vni: number
  /** The multicast group through which VTEPs find each other. */
  group?: string
  local?: string
  /** Index of the link to the underlay. */
  dev?: number
  dstport: number
  sourcePorts?: { min: number; max: number }
  /** TTL of the outer packet; 0: the kernel chooses its default, or 1 for a group. */
  ttl: number | 'inherit'
  tos: number | 'inherit'
  df: (typeof dontFragment)[number]
  learning: boolean
  /** Seconds for which the VTEP keeps a learnt MAC address. */
  ageing: number
  proxy: boolean
  l2miss: boolean
  l3miss: boolean
  udpCsum: boolean
  udp6ZeroCsumTx: boolean
  udp6ZeroCsumRx: boolean
  /** Routes or tc set the VNI and remote of each packet; the VTEP accepts only packets of added VNIs. */
  external: boolean
}

/** Options that the kernel can change on an existing VTEP (vxlan_nl2conf, drivers/net/vxlan/vxlan_core.c). */
export const changeable = ['ttl', 'tos', 'df', 'learning', 'ageing'] as const

export type VxlanChange = Partial<Pick<VxlanOptions, (typeof changeable)[number]>>

/**
 * `ip link add NAME … type vxlan …`; EEXIST when the name is taken, or the VNI at this port.
 * @param family of the underlay
 */
export function newVxlan(
  settings: LinkSettings & { name: string },
  options: VxlanOptions,
  family: 4 | 6,
): Request {
  return newLink({
    ...settings,
    kind: 'vxlan',
    data: (out) => {
      out.emit(attributes(options))
      out.emit(endpoints(options, family))
      if (options.external) out.push(IFLA_VXLAN_VNIFILTER, putU8(1))
    },
    words: words(options),
  })
}

/** `ip link set dev NAME type vxlan …` */
export function changeVxlan(link: LinkName, change: VxlanChange): Request {
  return changeKind(link, 'vxlan', attributes(change), words(change))
}

function attributes(options: Partial<VxlanOptions>): StreamData {
  const { ttl, tos, df, sourcePorts, dstport, external } = options
  const flag = (value?: boolean) => (value === undefined ? undefined : Number(value))
  return ifla.formatVxlan({
    id: external ? undefined : options.vni,
    link: options.dev,
    ttl: ttl === 'inherit' ? undefined : ttl,
    ttlInherit: ttl === 'inherit' ? Buffer.alloc(0) : undefined,
    tos: tos === 'inherit' ? TOS_INHERIT : tos,
    df: df && putU8(dontFragment.indexOf(df)),
    learning: flag(options.learning),
    ageing: options.ageing,
    portRange: sourcePorts && ifla.formatVxlanPortRange({ low: sourcePorts.min, high: sourcePorts.max }),
    port: dstport === undefined ? undefined : putU16be(dstport),
    proxy: flag(options.proxy),
    l2miss: flag(options.l2miss),
    l3miss: flag(options.l3miss),
    udpCsum: flag(options.udpCsum),
    udpZeroCsum6Tx: flag(options.udp6ZeroCsumTx),
    udpZeroCsum6Rx: flag(options.udp6ZeroCsumRx),
    collectMetadata: external ? 1 : undefined,
  })
}

/** The value of TOS for `inherit`: the kernel copies the inner packet's TOS. */
const TOS_INHERIT = 1

/** Local address and group. Without both, the local address `::` makes the underlay IPv6; the kernel's default is IPv4. */
function endpoints({ local, group }: VxlanOptions, family: 4 | 6): StreamData {
  const [from, to] = [local ?? (family === 6 ? '::' : undefined), group].map(bytesOf)
  return ifla.formatVxlan(family === 6 ? { local6: from, group6: to } : { local: from, group: to })
}

function bytesOf(text: string | undefined): Buffer | undefined {
  const address = text === undefined ? undefined : parseAddress(text)
  return address && toBytes(address)
}

/** The options in the syntax of iproute2, where `ifN` is the interface with index N. */
function words(options: Partial<VxlanOptions>): string {
  const { vni, group, local, dev, dstport, sourcePorts, ttl, tos, df, ageing, external } = options
  const valued = {
    id: external ? undefined : vni,
    group,
    local,
    dev: dev && `if${dev}`,
    dstport,
    srcport: sourcePorts && `${sourcePorts.min} ${sourcePorts.max}`,
    ttl,
    tos,
    df,
    ageing,
  }
  const switches = {
    learning: options.learning,
    proxy: options.proxy,
    l2miss: options.l2miss,
    l3miss: options.l3miss,
    udpcsum: options.udpCsum,
    udp6zerocsumtx: options.udp6ZeroCsumTx,
    udp6zerocsumrx: options.udp6ZeroCsumRx,
  }
  return [
    wordsOf(valued),
    ...Object.entries(switches).flatMap(([word, on]) => (on === undefined ? [] : [on ? word : `no${word}`])),
    ...(external ? ['external vnifilter'] : []),
  ].join(' ')
}

/** The options of a VTEP, from its link's `data`. */
export function parseVxlan(data: Buffer): VxlanOptions {
  const found = ifla.parseVxlan(data)
  const { group, group6, local, local6, portRange, ttlInherit } = found
  const ports = portRange ? ifla.parseVxlanPortRange(portRange) : {}
  return {
    vni: found.id ?? 0,
    group: textOf(group ?? group6),
    local: textOf(local ?? local6),
    dev: found.link || undefined,
    dstport: found.port ? getU16be(found.port) : 0,
    sourcePorts: ports.high ? { min: ports.low ?? 0, max: ports.high } : undefined,
    // A flag in requests, a byte in answers.
    ttl: ttlInherit?.[0] === 1 ? 'inherit' : (found.ttl ?? 0),
    tos: found.tos === TOS_INHERIT ? 'inherit' : (found.tos ?? 0),
    df: dontFragment[found.df?.[0] ?? 0] ?? 'unset',
    learning: found.learning === 1,
    ageing: found.ageing ?? 0,
    proxy: found.proxy === 1,
    l2miss: found.l2miss === 1,
    l3miss: found.l3miss === 1,
    udpCsum: found.udpCsum === 1,
    udp6ZeroCsumTx: found.udpZeroCsum6Tx === 1,
    udp6ZeroCsumRx: found.udpZeroCsum6Rx === 1,
    external: isFiltering(data),
  }
}

function textOf(bytes: Buffer | undefined): string | undefined {
  return bytes && formatAddress(fromBytes(bytes))
}

function isFiltering(data: Buffer): boolean {
  let filtering = false
  parseAttributes(data, (attribute) => {
    if (attribute.type === IFLA_VXLAN_VNIFILTER) filtering = attribute.data[0] === 1
  })
  return filtering
}
