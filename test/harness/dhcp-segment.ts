/** A segment: the cable of a NIC of the host ends in a switch, to which any number of stations with servers are connected. */

import { formatAddress } from '../../shared/ip/address.ts'
import { cidr } from './address.ts'
import { ip } from './command.ts'
import { type Netns, newContainer, setSysctl } from './host.ts'
import { link } from './look.ts'

export interface Segment {
  /** The NIC of the host. */
  nic: string
  /** The namespace with the switch: the bridge `lan`. */
  hub: Netns
}

/** A host on the segment. */
export interface Station extends Netns {
  /** Its NIC. */
  ifname: string
  mac: string
  /** The kernel's own address of IPv6 on it, without prefix length. */
  linkLocal: string
  index: number
}

/** Makes a NIC of the host, which gets no addresses from advertisements, and the switch at the other end of its cable. */
export function segment(nic = 'eth0'): Segment {
  const hub = newContainer(`hub-${nic}`)
  ip(`-n ${hub.name} link add lan up type bridge mcast_snooping 0`)
  ip(`link add ${nic} type veth peer name host netns ${hub.name}`)
  ip(`-n ${hub.name} link set host master lan up`)
  setSysctl(`net/ipv6/conf/${nic}/accept_ra`, 0)
  ip(`link set ${nic} up`)
  return { nic, hub }
}

/** A new namespace on the segment: its NIC is eth0. @param addresses CIDRs of either family */
export function station(on: Segment, name: string, ...addresses: string[]): Station {
  const netns = newContainer(name)
  setSysctl('net/ipv6/conf/default/accept_dad', 0, name)
  ip(`-n ${name} link set lo up`)
  return join(on, netns, 'eth0', ...addresses)
}

/** Connects a namespace to a segment, be it to a second one, as a relay needs. */
export function join({ hub }: Segment, netns: Netns, ifname: string, ...addresses: string[]): Station {
  const { name } = netns
  ip(`-n ${hub.name} link add ${name} type veth peer name ${ifname} netns ${name}`)
  ip(`-n ${hub.name} link set ${name} master lan up`)
  ip(`-n ${name} link set ${ifname} up`)
  for (const address of addresses) ip(`-n ${name} address add ${address} dev ${ifname}`)
  const { address: mac, ifindex: index } = link(ifname, netns)
  return { ...netns, ifname, mac, linkLocal: linkLocalOf(mac), index }
}

/** RFC 4291 appendix A. */
function linkLocalOf(mac: string): string {
  const [a = '', b, c, d, e, f] = mac.split(':')
  const first = (Number.parseInt(a, 16) ^ 2).toString(16)
  return formatAddress(cidr(`fe80::${first}${b}:${c}ff:fe${d}:${e}${f}/64`).address)
}
