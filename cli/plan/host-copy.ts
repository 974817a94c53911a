/** The host's links, addresses, routes and sysctls, read before the plan and made again where it is tried. */

import { parseAlias } from '../../shared/cni/identity.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { readDirectoryIfAny, readValueIfAny, writeInPlace } from '../../shared/kernel/files.ts'
import { type Link, listLinks } from '../../shared/netlink/link.ts'
import { restoreAddress, saveAddresses } from '../../shared/netlink/saved-address.ts'
import { hasGateway, restoreRoute, saveRoutes } from '../../shared/netlink/saved-route.ts'
import { openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { ignoringFailure, makeLinks, sendIfAny } from './link-copy.ts'

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
