/** The host's links, made again where a plan is tried. */

import { parseAttributes, putU32, type StreamData } from 'netlink/dist/structs.js'
import {
  changeLink,
  findLink,
  type Link,
  type LinkSettings,
  type LinkSpec,
  newLink,
} from '../../shared/netlink/link.ts'
import { Ifla, kindOf, linkMessage, settingsOf } from '../../shared/netlink/link-message.ts'
import { ask, openSocket, Protocol, type Request, type Socket } from '../../shared/netlink/socket.ts'

/** Makes links, with their masters; they come up at last. A kind that the kernel does not make of a copy, as hardware, is a dummy. */
export function makeLinks(socket: Socket, links: readonly Link[]): void {
  for (const link of parentsFirst(links.filter(({ name }) => name !== 'lo'))) makeLink(socket, link)
  for (const { name, master, up } of links) {
    if (master !== undefined) sendIfAny(socket, changeLink({ name }, { master: { index: master, name: '' } }))
    if (up) sendIfAny(socket, changeLink({ name }, { up: true }))
  }
}

/** Sorted so that each link comes after its parent. A pair's ends name each other. */
function parentsFirst(links: readonly Link[]): Link[] {
  const byIndex = new Map(links.map((link) => [link.index, link]))
  const sorted = new Set<Link>()
  const visit = (link: Link | undefined, depth = 0): void => {
    if (!link || sorted.has(link) || depth > links.length) return
    if (copied.includes(link.kind ?? '')) visit(byIndex.get(link.parent ?? 0), depth + 1)
    sorted.add(link)
  }
  for (const link of links) visit(link)
  return [...sorted]
}

/** Kinds that the kernel makes again from what it tells of them. */
const copied = ['bridge', 'vlan', 'bond', 'macvlan', 'ipvlan', 'vxlan', 'vrf', 'dummy', 'ifb', 'vcan']

function makeLink(socket: Socket, link: Link): void {
  const { index, name, kind = '', mac, mtu, txqlen, group, alias, parent, data } = link
  const settings = { mac: mac || undefined, mtu, txqlen, group, alias }
  const isParentHere = parent !== undefined && link.parentNamespace === undefined
  const own = { kind, ...(isParentHere && { parent: { index: parent, name: '' } }) }
  const options = data && requestOf(kind, data)
  if (copied.includes(kind))
    for (const some of [options, undefined]) {
      // A kernel without VLANs on bridges refuses what it tells of them.
      if (!findLink(socket, name))
        sendIfAny(socket, creation({ name, ...settings, ...own, data: some }, index))
    }
  if (!findLink(socket, name)) makeStandIn(name, settings, index)
}

/** A kind's options as a request may have them. */
function requestOf(kind: string, data: Buffer): StreamData {
  if (kind === 'bridge') return onlyOf(bridgeOptions, data)
  return kind === 'vxlan' ? ofVtep(data) : data
}

/** IFLA_VXLAN_TTL_INHERIT, a flag in requests and a byte in answers; IFLA_VXLAN_RESERVED_BITS, which the kernel does not take back as it tells them. */
const [TTL_INHERIT, RESERVED_BITS] = [28, 33]

function ofVtep(data: Buffer): StreamData {
  return (out) =>
    parseAttributes(data, ({ type, data: value }) => {
      if (type === TTL_INHERIT) return void (value[0] === 1 && out.push(type, Buffer.alloc(0)))
      if (type !== RESERVED_BITS) out.push(type, value)
    })
}

/** Of a bridge, whose other facts no request may have: IFLA_BR_*, include/uapi/linux/if_link.h. */
const bridgeOptions = [4, 5, 6, 7, 8, 9, 23, 39]

/** The attributes of some types. */
function onlyOf(types: readonly number[], data: Buffer): StreamData {
  return (out) =>
    parseAttributes(data, (one) => void (types.includes(one.type) && out.push(one.type, one.data)))
}

/** With the link's own index, by which others name it; 0: the kernel chooses one. */
function creation(spec: LinkSpec, index: number): Request {
  const parent = [Ifla.LINK, spec.parent && putU32(spec.parent.index)] as const
  const attributes = [...settingsOf(spec), parent, ...kindOf(spec.kind, spec.data)]
  return { ...newLink(spec), payload: linkMessage({ index }, attributes, spec) }
}

/** A link in the place of another: a dummy, or on a kernel without these one end of a pair. */
export function makeStandIn(name: string, settings: LinkSettings = { up: true }, index = 0): void {
  const socket = openSocket(Protocol.ROUTE)
  sendIfAny(socket, creation({ ...settings, name, kind: 'dummy' }, index))
  if (findLink(socket, name)) return
  const peer = { index: FIRST_PEER + peers++, name: '' }
  const data: StreamData = (out) => out.push(VETH_INFO_PEER, linkMessage(peer, []))
  sendIfAny(socket, creation({ ...settings, name, kind: 'veth', data }, index))
  sendIfAny(socket, changeLink(peer, { up: true }))
}

/** include/uapi/linux/veth.h. */
const VETH_INFO_PEER = 1

/** Indexes that no link of a host has. */
const FIRST_PEER = 0x40000000
let peers = 0

/** Sends a request; a failure is ignored. */
export function sendIfAny(socket: Socket, request: Request | undefined): void {
  ignoringFailure(() => request && ask(socket, request))
}

/** A copy that lacks a part is still a host to try on: what is missed there, ADD names. */
export function ignoringFailure(action: () => unknown): void {
  try {
    action()
  } catch {}
}
