/** A network namespace that a packet passes: its links, addresses and sysctls, each read when they are asked for. */

import { type Family, formatAddress } from '../../shared/ip/address.ts'
import { closeNamespace, inNamespace, type Namespace } from '../../shared/kernel/namespace.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { readSysctl } from '../../shared/kernel/sysctl.ts'
import { type LinkAddress, listAllAddresses } from '../../shared/netlink/address.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import { type Link, listLinks } from '../../shared/netlink/link.ts'
import { closeSocket, openSocket, Protocol, type Socket } from '../../shared/netlink/socket.ts'

export interface Netns {
  /** `host`, or what names the container: its pod, its ID, its path. */
  title: string
  /** For the report: the container's ID. */
  container?: string
  isHost: boolean
  namespace: Namespace
  /** Which namespace it is, by whatever path. */
  inode: string
  /** rtnetlink in it. */
  socket: Socket
  /** Its links, by index. */
  links(): ReadonlyMap<number, Link>
  addresses(): readonly LinkAddress[]
  /** One socket of another protocol, such as NETFILTER, opened once. */
  socketOf(protocol: number): Socket
}

/** What is known of a namespace before it is opened. */
export type Named = Pick<Netns, 'title' | 'container' | 'isHost'>

/** An open namespace. @param named its names in the report */
export function netnsOf(namespace: Namespace, named: Named): Netns {
  const open = (protocol: number): Socket => ({
    ...inNamespace(namespace, () => openSocket(protocol)),
    ...(!named.isHost && { netns: namespace.path }),
  })
  const socket = open(Protocol.ROUTE)
  const others = new Map<number, Socket>()
  let [links, addresses]: [Map<number, Link>?, LinkAddress[]?] = []
  return {
    ...named,
    ...{ namespace, socket, inode: inodeOf(namespace.path) },
    links: () => {
      links ??= new Map(listLinks(socket).map((link) => [link.index, link]))
      return links
    },
    addresses: () => {
      addresses ??= listAllAddresses(socket)
      return addresses
    },
    socketOf: (protocol) => {
      const found = others.get(protocol) ?? open(protocol)
      others.set(protocol, found)
      return found
    },
  }
}

export function inodeOf(path: string): string {
  return stat(path)?.inode.toString() ?? path
}

/** Closes a namespace that turned out not to be the one looked for. */
export function closeNetns({ namespace, socket }: Netns): void {
  closeSocket(socket)
  closeNamespace(namespace)
}

/** A parameter of the namespace below /proc/sys/net. */
export function sysctlIn({ namespace }: Netns, ...components: string[]): string | undefined {
  return inNamespace(namespace, () => readSysctl(...components))
}

/** A command that shows what was found there. */
export function shownBy({ socket }: Netns, command: string): string {
  return commandIn(socket, command)
}

/** Whether an address belongs to the namespace, by one of its links or by a given one. */
export function hasAddress(netns: Netns, address: string, link?: number): boolean {
  return netns
    .addresses()
    .some((one) => formatAddress(one.address) === address && (link === undefined || one.link === link))
}

/** Addresses by which others can reach the namespace: not loopback's, and not link-local ones of IPv6. */
export function globalAddresses(netns: Netns, family: Family): LinkAddress[] {
  return netns.addresses().filter(({ address, scope }) => address.family === family && scope === 0)
}
