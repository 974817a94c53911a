/** The host's links, addresses, routes and sysctls, read before the plan and made again where it is tried. */

import { putU32 } from 'netlink/dist/structs.js'
import { parseAlias } from '../../shared/cni/identity.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { readDirectoryIfAny, readValueIfAny, writeInPlace } from '../../shared/kernel/files.ts'
import { changeLink, findLink, type Link, listLinks, newLink } from '../../shared/netlink/link.ts'
import { Ifla, kindOf, linkMessage, settingsOf } from '../../shared/netlink/link-message.ts'
import { restoreAddress, saveAddresses } from '../../shared/netlink/saved-address.ts'
import { hasGateway, restoreRoute, saveRoutes } from '../../shared/netlink/saved-route.ts'
import { ask, openSocket, Protocol, type Request, type Socket } from '../../shared/netlink/socket.ts'

interface CopiedLink {
  link: Link
  addresses: Buffer[]
  routes: Buffer[]
}

export interface HostCopy {
  links: CopiedLink[]
  sysctls: [path: string, value: string][]
}

/** Reads the host of this process. The ends of containers' pairs are left out. @param named links that the configuration names */
export function readHost(named: ReadonlySet<string>): HostCopy {
  const socket = openSocket(Protocol.ROUTE)
  const links = listLinks(socket).filter((link) => named.has(link.name) || !isOfContainer(link))
  return {
    links: links.map((link) => ({
      link,
      addresses: saveAddresses(socket, link),
      routes: saveRoutes(socket, link),
    })),
    sysctls: readSysctls(),
  }
}

function isOfContainer({ kind, alias, master }: Link): boolean {
  return parseAlias(alias) !== undefined || (kind === 'veth' && master !== undefined)
}

/** Those that a new namespace does not take from the host's, and plugins look at. */
const directories = [
  '/proc/sys/net/ipv4/conf/all',
  '/proc/sys/net/ipv4/conf/default',
  '/proc/sys/net/ipv6/conf/all',
  '/proc/sys/net/ipv6/conf/default',
  '/proc/sys/net/bridge',
]

function readSysctls(): HostCopy['sysctls'] {
  const files = directories.flatMap((path) => readDirectoryIfAny(path).map(({ name }) => `${path}/${name}`))
  // First, because it changes many others.
  return ['/proc/sys/net/ipv4/ip_forward', ...files].flatMap((path) => {
    const value = readIfReadable(path)
    return value === undefined ? [] : [[path, value]]
  })
}

function readIfReadable(path: string): string | undefined {
  return tolerate(() => readValueIfAny(path), 'EACCES', 'EPERM', 'EIO')
}

/** Makes the links again in the namespace of this process. A kind that the kernel does not make of a copy, as hardware, is a dummy. */
export function makeHost({ links, sysctls }: HostCopy): void {
  const socket = openSocket(Protocol.ROUTE)
  for (const [path, value] of sysctls)
    if (readIfReadable(path) !== value) ignoringFailure(() => writeInPlace(path, value))
  makeLinks(
    socket,
    links.map(({ link }) => link),
  )
  for (const { link, addresses } of links)
    for (const address of addresses) sendIfAny(socket, restoreAddress(link, address, 0))
  const routes = links.flatMap(({ link, routes }) => routes.map((route) => ({ link, route })))
  const direct = routes.filter(({ route }) => !hasGateway(route))
  const others = routes.filter(({ route }) => hasGateway(route))
  for (const { link, route } of [...direct, ...others])
    for (const request of restoreRoute(link, route, link.index)) sendIfAny(socket, request)
}

/** Parents first. */
function makeLinks(socket: Socket, links: readonly Link[]): void {
  const waiting = new Set(links.filter(({ name }) => name !== 'lo'))
  const isReady = ({ parent }: Link) => ![...waiting].some(({ index }) => index === parent)
  for (let found = true; found; ) {
    const ready = [...waiting].filter((link) => isReady(link) || link.parent === link.index)
    for (const link of ready) {
      makeLink(socket, link)
      waiting.delete(link)
    }
    found = ready.length > 0
  }
  for (const { name, master, up } of links) {
    if (master !== undefined) sendIfAny(socket, changeLink({ name }, { master: { index: master, name: '' } }))
    if (up) sendIfAny(socket, changeLink({ name }, { up: true }))
  }
}

/** Kinds that the kernel makes again from what it tells of them. */
const copied = ['bridge', 'vlan', 'bond', 'macvlan', 'ipvlan', 'vxlan', 'vrf', 'dummy', 'ifb', 'vcan']

function makeLink(socket: Socket, link: Link): void {
  const { kind = '' } = link
  if (copied.includes(kind)) sendIfAny(socket, creation(link, kind))
  if (!findLink(socket, link.name)) sendIfAny(socket, creation({ ...link, data: undefined }, 'dummy'))
  if (!findLink(socket, link.name)) makeStandIn(link.name)
}

/** With the link's own index, by which others name it. */
function creation(link: Link, kind: string): Request {
  const { index, name, mac, mtu, txqlen, group, alias, parent, data } = link
  const isParentHere = parent !== undefined && kind !== 'dummy' && link.parentNamespace === undefined
  const settings = { name, mac: mac || undefined, mtu, txqlen, group, alias }
  const own = [[Ifla.LINK, isParentHere ? putU32(parent) : undefined] as const]
  return {
    ...newLink({ name, kind }),
    payload: linkMessage({ index }, [...settingsOf(settings), ...own, ...kindOf(kind, data)]),
  }
}

/** A link that the host does not have, in the place of one that a configuration names. */
export function makeStandIn(name: string): void {
  const socket = openSocket(Protocol.ROUTE)
  sendIfAny(socket, newLink({ name, kind: 'dummy', up: true }))
}

function sendIfAny(socket: Socket, request: Request | undefined): void {
  ignoringFailure(() => request && ask(socket, request))
}

/** A copy that lacks a part is still a host to try on: what is missed there, ADD names. */
function ignoringFailure(action: () => unknown): void {
  try {
    action()
  } catch {}
}
