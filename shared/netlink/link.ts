/** Links: the kernel's network devices. Most functions return requests, so that several can be sent in one message. */

import * as rt from 'netlink/dist/rt/structs.js'
import { putU32, type StreamData } from 'netlink/dist/structs.js'
import { Errno, isErrno, KernelError, tolerate } from '../kernel/errno.ts'
import { type Namespace, ownNamespace } from '../kernel/namespace.ts'
import { askUntilAnnounced } from './announced.ts'
import { wordsOf } from './command.ts'
import {
  type Aliased,
  type AttributeList,
  flagBits,
  Ifla,
  kindOf,
  linkMessage,
  named,
  portOf,
  settingsOf,
  toAliased,
  toLink,
} from './link-message.ts'
import { ask, dump, Flag, findInDump, type Reply, type Request, type Socket, transact } from './socket.ts'

const { NEWLINK, DELLINK, GETLINK } = rt.MessageType

/** Leaves the counters out of answers (RTEXT_FILTER_SKIP_STATS, include/uapi/linux/rtnetlink.h). */
const skipStatistics = [Ifla.EXT_MASK, Buffer.from([8, 0, 0, 0])] as const

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
  /** The link has a carrier: a cable to an active device. Always false while the link is down. */
  carrier: boolean
  promisc: boolean
  /** All flags that can be set, besides `up` (IFF_*, include/uapi/linux/if.h). */
  flags: number
  group: number
  /** Index of its bridge, bond, … */
  master?: number
  /** IFLA_LINK: the parent, or the other end of a veth. */
  parent?: number
  /** The kernel's ID of the parent's namespace, when it is another one. */
  parentNamespace?: number
  alias?: string
  /** `altname` in `ip link show`. */
  altNames?: string[]
  /** IFLA_INFO_DATA: the options of the kind. */
  data?: Buffer
  /** IFLA_INFO_SLAVE_DATA: the master's options for this port. */
  portData?: Buffer
}

/** A link in requests: the index is for the kernel, the name for errors. */
export interface LinkName {
  index: number
  name: string
}

/** Settings of a link, for its creation or a later change. */
export interface LinkSettings {
  name?: string
  mac?: string
  mtu?: number
  txqlen?: number
  up?: boolean
  promisc?: boolean
  /** Frames to all multicast addresses are taken (IFF_ALLMULTI). */
  allmulti?: boolean
  /** All flags of `Link.flags` at once. */
  flags?: number
  group?: number
  /** The new master; null removes the link from its master. */
  master?: LinkName | null
  /** The namespace to move to. */
  netns?: Namespace
  alias?: string
}

/** A link to create. */
export interface LinkSpec extends LinkSettings {
  name: string
  kind: string
  /** `link` in `ip link add link PARENT`. */
  parent?: LinkName
  /** `numtxqueues`. Default: the default of the kind. */
  queues?: number
  /** Attributes of the kind (IFLA_INFO_DATA). */
  data?: StreamData
  /** The same in iproute2's words, for errors: `mode bridge`. */
  readonly words?: string
}

/** `ip link add NAME … type KIND …`; EEXIST when the name is taken. */
export function newLink(spec: LinkSpec): Request {
  const { name, kind, parent, queues, data } = spec
  const own: AttributeList = [
    [Ifla.LINK, parent && putU32(parent.index)],
    [Ifla.NUM_TX_QUEUES, queues === undefined ? undefined : putU32(queues)],
  ]
  return {
    type: NEWLINK,
    flags: Flag.CREATE | Flag.EXCL,
    payload: linkMessage({}, [...settingsOf(spec), ...own, ...kindOf(kind, data)], spec),
    attempt: `create ${kind} ${name}`,
    get reproduce() {
      const from = parent && `link ${parent.name}`
      return join('ip link add', from, name, settingWords(spec), `type ${kind}`, spec.words)
    },
  }
}

/** `ip link set dev NAME …`. Without an index the kernel finds the link by its name, so the request can be sent with its creation. */
export function changeLink(
  link: Pick<LinkName, 'name'> & Partial<LinkName>,
  settings: LinkSettings,
): Request {
  return {
    type: NEWLINK,
    flags: 0,
    payload: linkMessage(link, [...settingsOf(settings), ...byName(link)], settings),
    attempt: `change ${link.name}`,
    get reproduce() {
      return join(`ip link set dev ${link.name}`, settingWords(settings), wordsOf({ name: settings.name }))
    },
  }
}

/** The name as an attribute, for a link without an index. */
function byName({ index, name }: { index?: number; name: string }): AttributeList {
  return index ? [] : named(name)
}

/** `ip link set dev NAME type KIND …`: changes the options of the kind. */
export function changeKind(link: LinkName, kind: string, data: StreamData, words: string): Request {
  return changeInfo(link, kindOf(kind, data), `type ${kind} ${words}`)
}

/** `ip link set dev NAME type KIND_slave …`: changes the master's options for its port. */
export function changePort(link: LinkName, slaveKind: string, data: StreamData, words: string): Request {
  return changeInfo(link, portOf(slaveKind, data), `type ${slaveKind}_slave ${words}`)
}

function changeInfo(link: LinkName, info: AttributeList, words: string): Request {
  return {
    type: NEWLINK,
    flags: 0,
    payload: linkMessage(link, info),
    attempt: `change ${link.name}`,
    reproduce: `ip link set dev ${link.name} ${words}`,
  }
}

/** Sets a link's alias and returns the link: `ip link set dev NAME alias ALIAS; ip -d link show dev NAME`. */
export function setAlias(socket: Socket, name: string, alias?: string): Link {
  const replies = transact(socket, [changeLink({ name }, { alias }), showLink(name)])
  return parseLink(replies.at(-1) ?? [])
}

/** Whether a link takes frames to all multicast addresses, because a program has asked for that (IFF_ALLMULTI). */
export function hasAllmulti({ flags }: Link): boolean {
  return (flags & flagBits.allmulti) !== 0
}

/** `ip link del dev NAME` */
export function removeLink(link: { index?: number; name: string }): Request {
  return {
    type: DELLINK,
    flags: 0,
    payload: linkMessage(link, byName(link)),
    attempt: `delete ${link.name}`,
    reproduce: `ip link del dev ${link.name}`,
  }
}

/** Deletes a link, if it exists. Its name is free then, and its parent or ports are. */
export function removeIfThere(socket: Socket, link: { index?: number; name: string }): void {
  const found = link.index ? link : findLink(socket, link.name)
  if (found) tolerate(() => askUntilAnnounced(socket, removeLink(found)), 'ENODEV')
}

/** `ip link show dev NAME`: the request, by name, alternative names included, or by index. `parseLink` reads its answer. */
export function showLink(which: string | number): Request {
  const [index, ifname] = typeof which === 'number' ? [which, undefined] : [0, which]
  const name = ifname === undefined ? [] : byName({ name: ifname })
  return {
    type: GETLINK,
    flags: 0,
    single: true,
    payload: linkMessage({ index }, [...name, skipStatistics]),
    attempt: `look up ${ifname ?? `interface ${index}`}`,
    see: ifname ? `ip -d link show dev ${ifname}` : `ip -d link show | grep '^${index}:'`,
  }
}

/** The link of a name, alternative names included, or of an index; or undefined when there is none. */
export function findLink(socket: Socket, which: string | number): Link | undefined {
  try {
    return parseLink(ask(socket, showLink(which)))
  } catch (error) {
    if (isErrno(error, 'ENODEV')) return undefined
    throw error
  }
}

/** All links of the socket's namespace. Equivalent to `ip -d link show [type KIND]`. @param kind only links of this kind */
export function listLinks(socket: Socket, kind?: string): Link[] {
  return ofKind(dump(socket, showLinks(kind)).map(toLink), kind)
}

/** The links that have an alias, of all kinds: much faster than listLinks. Equivalent to `ip -d link show`. */
export function listAliased(socket: Socket): Aliased[] {
  return dump(socket, showLinks()).flatMap((reply) => toAliased(reply) ?? [])
}

function showLinks(kind?: string) {
  return {
    type: GETLINK,
    payload: linkMessage({}, [skipStatistics, ...(kind ? kindOf(kind) : [])]),
    attempt: 'list links',
    see: `ip -d link show${kind ? ` type ${kind}` : ''}`,
  }
}

/** A kernel without a driver of a kind, or with its module not loaded yet, ignores the filter. */
function ofKind(links: Link[], kind?: string): Link[] {
  return kind === undefined ? links : links.filter((link) => link.kind === kind)
}

/** The ports of a bridge, bond, … Equivalent to `ip -d link show master MASTER [type KIND]`. @param kind only links of this kind */
export function listPorts(socket: Socket, master: LinkName, kind?: string): Link[] {
  return ofKind(dump(socket, showPorts(master, kind)).map(toLink), kind)
}

/** Whether a bridge, bond, … has a port besides a given one. @param socket a socket for this call only; it is closed */
export function hasOtherPort(socket: Socket, master: LinkName, besides?: string): boolean {
  return findInDump(socket, showPorts(master), (reply) => toLink(reply).name !== besides) !== undefined
}

function showPorts({ index, name }: LinkName, kind?: string) {
  const filter: AttributeList = [[Ifla.MASTER, putU32(index)], ...(kind ? kindOf(kind) : [])]
  return {
    type: GETLINK,
    payload: linkMessage({}, [skipStatistics, ...filter]),
    attempt: `list the ports of ${name}`,
    see: `ip -d link show master ${name}${kind ? ` type ${kind}` : ''}`,
  }
}

/** The link in an answer to `showLink`. */
export function parseLink(replies: Reply[]): Link {
  const [reply] = replies
  if (!reply) throw new KernelError(Errno.EPROTO, 'look up a link', { extack: 'the answer has no link' })
  return toLink(reply)
}

/** The settings in the syntax of iproute2, without the name. */
export function settingWords(settings: LinkSettings): string {
  const { mac, mtu, txqlen, group, master, up, promisc, allmulti, flags, alias, netns } = settings
  const words = [
    wordsOf({
      address: mac,
      mtu,
      txqueuelen: txqlen,
      group,
      master: master?.name,
      promisc,
      allmulticast: allmulti,
      ...(flags !== undefined && flagWords(flags)),
      alias: alias && `'${alias}'`,
      netns: netns && netnsWord(netns),
    }),
    master === null && 'nomaster',
    up !== undefined && (up ? 'up' : 'down'),
  ]
  return join(...words)
}

/** IFF_NOARP, IFF_PROMISC, IFF_ALLMULTI, IFF_MULTICAST in the syntax of iproute2; it has no words for the other flags. */
function flagWords(flags: number) {
  const has = (bit: number) => (flags & bit) !== 0
  return { arp: !has(0x80), promisc: has(0x100), allmulticast: has(0x200), multicast: has(0x1000) }
}

/** A namespace in the syntax of `ip link … netns`; `$$` is the shell's namespace, also in a command that `nsenter` starts. */
export function netnsWord({ path }: Namespace): string {
  return path === ownNamespace ? '$$' : path
}

function join(...words: (string | false | undefined)[]): string {
  return words.filter(Boolean).join(' ')
}
