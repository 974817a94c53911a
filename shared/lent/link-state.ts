/** What a link was like before it was lent, to a container or to a bond, and making it so again. Both in the link's namespace. */

import { boolean, integer, list, type Output, object, optional, string } from '../cni/schema.ts'
import { formatCidr, parseCidr } from '../ip/subnet.ts'
import { tolerate } from '../kernel/errno.ts'
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts'
import { listAddresses, newAddress } from '../netlink/address.ts'
import { changeLink, type Link } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'

const number = integer({ min: 0, max: 0xffffffff })

/** disable_ipv6 is set on members; bonding does not restore mtu. */
const parameters = ['disable_ipv6', 'mtu'] as const

/** All that is given back, as JSON can hold it. */
export const linkState = {
  name: string,
  mac: string,
  mtu: number,
  txqlen: optional(number),
  up: boolean,
  promisc: boolean,
  alias: string,
  /** With their prefixes; without those that the kernel, a router or a DHCP server gave. */
  addresses: list(string),
  /** What of `net.ipv6.conf.NAME` changes meanwhile; nothing where the kernel has no IPv6. */
  ipv6: object({ disable_ipv6: optional(string), mtu: optional(string) }),
}

/** A link's state, of the keys above. */
const state = object(linkState)
export type LinkState = Output<typeof state>

/** What is known of a link whose record was lost: its name on the host. It is down then, without an alias. */
export function bareState({ mac, mtu, promisc }: Link, name: string): LinkState {
  return { name, mac, mtu, promisc, up: false, alias: '', addresses: [], ipv6: {} }
}

/** Looks at a link before it is lent. */
export function stateOf(socket: Socket, link: Link): LinkState {
  const { name, mac, mtu, txqlen, up, promisc, alias = '' } = link
  const own = listAddresses(socket, link).filter(({ scope, permanent }) => scope === 0 && permanent)
  const ipv6: LinkState['ipv6'] = {}
  for (const parameter of parameters) ipv6[parameter] = readSysctl('ipv6', 'conf', name, parameter)
  return { name, mac, mtu, txqlen, up, promisc, alias, addresses: own.map(formatCidr), ipv6 }
}

/** Makes a link what it was: its name first, which it takes while it is down. @throws KernelError */
export function restoreState(socket: Socket, link: Link, state: LinkState): void {
  const { addresses, up, name, mtu, txqlen, promisc, alias, ipv6 } = state
  // Not every driver takes a MAC address, not even the one that it has.
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
