/** The state of a link before it was lent, to a container or to a bond, and its restoration. Both run in the link's namespace. */

import { boolean, integer, list, type Output, object, optional, string } from '../config/schema.ts'
import { formatCidr, parseCidr } from '../ip/subnet.ts'
import { tolerate } from '../kernel/errno.ts'
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts'
import { listAddresses, newAddress } from '../netlink/address.ts'
import { changeLink, type Link } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'

const number = integer({ min: 0, max: 0xffffffff })

/** disable_ipv6 is set on members; bonding does not restore mtu. */
const parameters = ['disable_ipv6', 'mtu'] as const

/** All that is restored, as JSON. */
export const linkState = {
  name: string,
  mac: string,
  mtu: number,
  txqlen: optional(number),
  up: boolean,
  promisc: boolean,
  alias: string,
  /** With their prefixes. Addresses from the kernel, a router or a DHCP server are not recorded. */
  addresses: list(string),
  /** The sysctls of `net.ipv6.conf.NAME` that change while it is lent; empty if the kernel has no IPv6. */
  ipv6: object({ disable_ipv6: optional(string), mtu: optional(string) }),
}

const state = object(linkState)
export type LinkState = Output<typeof state>

/** The state to restore if the record is lost: the name on the host, down, without alias and addresses. */
export function bareState({ mac, mtu, promisc }: Link, name: string): LinkState {
  return { name, mac, mtu, promisc, up: false, alias: '', addresses: [], ipv6: {} }
}

/** Reads the state of a link. */
export function stateOf(socket: Socket, link: Link): LinkState {
  const { name, mac, mtu, txqlen, up, promisc, alias = '' } = link
  const own = listAddresses(socket, link).filter(({ scope, permanent }) => scope === 0 && permanent)
  const ipv6: LinkState['ipv6'] = {}
  for (const parameter of parameters) ipv6[parameter] = readSysctl('ipv6', 'conf', name, parameter)
  return { name, mac, mtu, txqlen, up, promisc, alias, addresses: own.map(formatCidr), ipv6 }
}

/** Restores a link's state: the name first, because older kernels rename only links that are down. @throws KernelError */
export function restoreState(socket: Socket, link: Link, state: LinkState): void {
  const { addresses, up, name, mtu, txqlen, promisc, alias, ipv6 } = state
  // Some drivers refuse to set a MAC address, even the present one.
  const mac = state.mac === link.mac ? undefined : state.mac
  ask(socket, changeLink(link, { up: false }))
  if (link.name !== name) ask(socket, changeLink(link, { name }))
  const restored = { index: link.index, name }
  ask(socket, changeLink(restored, { mac, mtu, txqlen, promisc, alias }))
  for (const parameter of parameters) {
    const value = ipv6[parameter]
    if (value !== undefined) writeSysctl(value, 'ipv6', 'conf', name, parameter)
  }
  ask(socket, changeLink(restored, { up }))
  for (const text of addresses) {
    const cidr = parseCidr(text)
    if (cidr) tolerate(() => ask(socket, newAddress(restored, cidr, { nodad: true })), 'EEXIST')
  }
}
