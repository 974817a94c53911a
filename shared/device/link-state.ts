/** What a link was like before it was lent, to a container or to a bond, and making it so again. Both in the link's namespace. */

import { formatCidr, parseCidr } from '../ip/subnet.ts'
import { tolerate } from '../kernel/errno.ts'
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts'
import { listAddresses, newAddress } from '../netlink/address.ts'
import { changeLink, type Link, type LinkName } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'

/** All that is given back, as JSON can hold it. */
export interface LinkState
  extends Pick<Link, 'name' | 'mac' | 'mtu' | 'txqlen' | 'up' | 'promisc' | 'alias'> {
  /** With their prefixes; without those that the kernel, a router or a DHCP server gave. */
  addresses: string[]
  /** `net.ipv6.conf.NAME.disable_ipv6`; missing where the kernel has no IPv6. */
  disableIpv6?: string
}

/** Looks at a link before it is lent. */
export function stateOf(socket: Socket, link: Link): LinkState {
  const { name, mac, mtu, txqlen, up, promisc, alias = '' } = link
  const own = listAddresses(socket, link).filter(({ scope, permanent }) => scope === 0 && permanent)
  const disableIpv6 = readSysctl('ipv6', 'conf', name, 'disable_ipv6')
  return { name, mac, mtu, txqlen, up, promisc, alias, addresses: own.map(formatCidr), disableIpv6 }
}

/** Makes a link what it was: its name first, which it takes while it is down. @throws KernelError */
export function restoreState(socket: Socket, link: LinkName, state: LinkState): void {
  const { addresses, up, name, mac, mtu, txqlen, promisc, alias, disableIpv6 } = state
  ask(socket, changeLink(link, { up: false }))
  if (link.name !== name) ask(socket, changeLink(link, { name }))
  const restored = { index: link.index, name }
  if (disableIpv6) writeSysctl(disableIpv6, 'ipv6', 'conf', name, 'disable_ipv6')
  ask(socket, changeLink(restored, { mac, mtu, txqlen, promisc, alias, up }))
  for (const text of addresses) {
    const cidr = parseCidr(text)
    if (cidr) tolerate(() => ask(socket, newAddress(restored, cidr, { nodad: true })), 'EEXIST')
  }
}
