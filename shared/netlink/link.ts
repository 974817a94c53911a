/** Links: the kernel's network devices. Builders give requests, so that several can travel in one message. */

import * as ifla from 'netlink/dist/rt/ifla.js'
import * as rt from 'netlink/dist/rt/structs.js'
import { AttrStream, type StreamData } from 'netlink/dist/structs.js'
import { formatMac, parseMac } from '../ip/mac.ts'
import { isErrno } from '../kernel/errno.ts'
import type { Fd } from '../kernel/files.ts'
import { ask, dump, Flag, type Reply, type Request, type Socket } from './socket.ts'

const { NEWLINK, DELLINK, GETLINK } = rt.MessageType

/** Leaves the counters out of answers (RTEXT_FILTER_SKIP_STATS, include/uapi/linux/rtnetlink.h). */
const SKIP_STATS = Buffer.from([8, 0, 0, 0])

/** Operational state of RFC 2863, IF_OPER_UP. */
const IF_OPER_UP = 6

export interface Link {
  index: number
  name: string
  /** `bridge`, `veth`, …; undefined for hardware and loopback. */
  kind?: string
  mac: string
  mtu: number
  txqlen?: number
  /** Administratively up (IFF_UP). */
  up: boolean
  /** Operationally up: frames pass. */
  running: boolean
  promisc: boolean
  /** Index of the bridge, bond, … that it belongs to. */
  master?: number
  /** IFLA_LINK: the parent, or the other end of a veth. */
  parent?: number
  /** Which namespace the parent is in, when not this one. */
  parentNamespace?: number
  alias?: string
  /** IFLA_INFO_DATA: what is the kind's own. */
  data?: Buffer
  /** IFLA_INFO_SLAVE_DATA: what the master keeps about it as a port. */
  portData?: Buffer
}

/** A link as requests name it: by index to the kernel, by name to the reader of an error. */
export interface LinkName {
  index: number
  name: string
}

/** What a link can be given, at its birth or later. */
export interface LinkSettings {
  name?: string
  mac?: string
  mtu?: number
  txqlen?: number
  up?: boolean
  promisc?: boolean
  /** Index of the new master; 0 frees it. */
  master?: number
  /** The namespace to move to, an open descriptor. */
  netns?: Fd
  alias?: string
}

/** A link to be born. */
export interface LinkSpec extends LinkSettings {
  name: string
  kind: string
  /** `link` in `ip link add link PARENT`. */
  parent?: LinkName
  /** Attributes of the kind (IFLA_INFO_DATA). */
  data?: StreamData
  /** The same in iproute2's words, for errors: `mode bridge`. */
  words?: string
}

/** `ip link add NAME … type KIND …`; EEXIST when the name is taken. */
export function newLink(spec: LinkSpec): Request {
  const { name, kind, parent, data, words } = spec
  const linkinfo = join(ifla.formatInfo({ kind, data: data && join(data) }))
  return {
    type: NEWLINK,
    flags: Flag.CREATE | Flag.EXCL,
    payload: linkMessage(
      {},
      { ...attributes(spec), ...(parent && { link: u32(parent.index) }), linkinfo },
      spec,
    ),
    attempt: `create ${kind} ${name}`,
    command: `ip link add ${parent ? `link ${parent.name} ` : ''}${name} ${inWords(spec)}type ${kind}${words ? ` ${words}` : ''}`,
  }
}

/** `ip link set dev NAME …`; without an index the link is found by its name, so the request can follow its creation. */
export function changeLink(
  link: Pick<LinkName, 'name'> & Partial<LinkName>,
  settings: LinkSettings,
): Request {
  const byName = link.index ? {} : { ifname: link.name }
  return {
    type: NEWLINK,
    flags: 0,
    payload: linkMessage({ index: link.index ?? 0 }, { ...attributes(settings), ...byName }, settings),
    attempt: `change ${link.name}`,
    command: `ip link set dev ${link.name} ${inWords(settings)}`.trim(),
  }
}

/** `ip link set dev NAME type KIND …`: changes what is the kind's own. */
export function changeKind(link: LinkName, kind: string, data: StreamData, words: string): Request {
  return changeInfo(link, { kind, data: join(data) }, `type ${kind} ${words}`)
}

/** `ip link set dev NAME type KIND_slave …`: changes what the master keeps about its port. */
export function changePort(link: LinkName, slaveKind: string, data: StreamData, words: string): Request {
  return changeInfo(link, { slaveKind, slaveData: join(data) }, `type ${slaveKind}_slave ${words}`)
}

function changeInfo({ index, name }: LinkName, info: ifla.Info, words: string): Request {
  return {
    type: NEWLINK,
    flags: 0,
    payload: linkMessage({ index }, { linkinfo: join(ifla.formatInfo(info)) }),
    attempt: `change ${name}`,
    command: `ip link set dev ${name} ${words}`,
  }
}

/** `ip link del dev NAME` */
export function removeLink(link: { index?: number; name: string }): Request {
  const attrs = link.index ? {} : { ifname: link.name }
  return {
    type: DELLINK,
    flags: 0,
    payload: linkMessage({ index: link.index ?? 0 }, attrs),
    attempt: `delete ${link.name}`,
    command: `ip link del dev ${link.name}`,
  }
}

/** `ip link show dev NAME`, as a request, by name or by index; parse its answer with `parseLink`. */
export function showLink(which: string | number): Request {
  const [index, ifname] = typeof which === 'number' ? [which, undefined] : [0, which]
  return {
    type: GETLINK,
    flags: 0,
    payload: linkMessage({ index }, { ifname, extMask: SKIP_STATS }),
    attempt: `look up ${ifname ?? `interface ${index}`}`,
    command: ifname ? `ip -d link show dev ${ifname}` : `ip -d link show | grep '^${index}:'`,
  }
}

/** The link of a name or index, or undefined when there is none. */
export function findLink(socket: Socket, which: string | number): Link | undefined {
  try {
    return parseLink(ask(socket, showLink(which)))
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return undefined
    throw error
  }
}

/** All links of the socket's namespace. Equivalent to `ip -d link show`. */
export function listLinks(socket: Socket): Link[] {
  const payload = linkMessage({}, { extMask: SKIP_STATS })
  return dump(socket, { type: GETLINK, payload, attempt: 'list links', command: 'ip -d link show' }).map(
    toLink,
  )
}

/** The link in an answer to `showLink`. */
export function parseLink(replies: Reply[]): Link {
  const [reply] = replies
  if (!reply) throw new Error('the kernel acknowledged a link without describing it')
  return toLink(reply)
}

/** A link as RTM_NEWLINK describes it. */
function toLink({ data: message }: { data: Buffer }): Link {
  const { data, attrs } = rt.parseLinkMessage(message)
  const info = attrs.linkinfo ? ifla.parseInfo(attrs.linkinfo) : {}
  return {
    index: data.index ?? 0,
    name: attrs.ifname ?? '',
    kind: info.kind,
    mac: attrs.address ? formatMac(attrs.address) : '',
    mtu: attrs.mtu ?? 0,
    txqlen: attrs.txqlen,
    up: data.flags?.up ?? false,
    running: attrs.operstate === IF_OPER_UP,
    promisc: data.flags?.promisc ?? false,
    master: attrs.master,
    parent: attrs.link?.readUInt32LE(0),
    parentNamespace: attrs.linkNetnsid,
    alias: attrs.ifalias,
    data: info.data,
    portData: info.slaveData,
  }
}

/** struct ifinfomsg and its attributes, also for the peer that a veth's data carries. */
export function linkMessage(data: rt.Link, attrs: ifla.LinkAttrs, settings: LinkSettings = {}): StreamData {
  const flags: rt.DeviceFlags = {}
  const change: rt.DeviceFlags = {}
  for (const flag of ['up', 'promisc'] as const) {
    if (settings[flag] === undefined) continue
    change[flag] = true
    if (settings[flag]) flags[flag] = true
  }
  return (out) => rt.formatLinkMessage({ kind: 'link', data: { ...data, flags, change }, attrs }, out)
}

export function attributes({ name, mac, mtu, txqlen, master, netns, alias }: LinkSettings): ifla.LinkAttrs {
  return {
    ifname: name,
    address: mac ? parseMac(mac) : undefined,
    mtu,
    txqlen,
    master,
    netNsFd: netns,
    ifalias: alias,
  }
}

/** The settings in iproute2's words. */
function inWords({ mac, mtu, txqlen, master, up, promisc, alias, netns }: LinkSettings): string {
  const words = {
    address: mac,
    mtu,
    txqueuelen: txqlen,
    master: master && `(index ${master})`,
    alias,
    netns: netns && 'NS',
  }
  const text = Object.entries(words).flatMap(([word, value]) =>
    value === undefined ? [] : [`${word} ${value}`],
  )
  if (up !== undefined) text.push(up ? 'up' : 'down')
  if (promisc !== undefined) text.push(`promisc ${promisc ? 'on' : 'off'}`)
  return text.map((word) => `${word} `).join('')
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** Attributes as one buffer, for codecs that take them nested. */
export function join(data: StreamData): Buffer {
  const stream = new AttrStream()
  stream.emit(data)
  return Buffer.concat(stream.bufs)
}
