/** Two interfaces of a container in one subnet: a strict reverse path filter drops what arrives by the one that answers would not leave by. */

import { type Address, formatAddress } from '../../../shared/ip/address.ts'
import { type Cidr, contains, formatCidr, networkOf, plus, subnetOf } from '../../../shared/ip/subnet.ts'
import { closeNamespace, inNamespace, openNamespaceIfAny } from '../../../shared/kernel/namespace.ts'
import { readSysctl } from '../../../shared/kernel/sysctl.ts'
import { findLink } from '../../../shared/netlink/link.ts'
import { findPath } from '../../../shared/netlink/path.ts'
import { closeSocket, openSocket, Protocol, type Socket } from '../../../shared/netlink/socket.ts'
import { word } from '../../form/shell.ts'
import { shortID } from '../../host/words.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { setting } from './sysctls.ts'
import { typeOf, type Wired, wiredOf } from './wired.ts'

export const reversePath: Fault = {
  id: 'reverse-path-filter',
  title: 'a container drops what arrives by one of its interfaces',
  severity: 'error',
  look(view) {
    return suspects(view).flatMap(({ netns, subnet, wired }) => lookInside(netns, subnet, wired))
  },
}

/** Interfaces of one container in one subnet. */
interface Suspect {
  netns: string
  subnet: Cidr
  wired: readonly Wired[]
}

/** Only these containers are entered. Rules of sbr and tables of vrf give each interface its own way back. */
function suspects(view: View): Suspect[] {
  const isSeparate = (one: Wired) => one.plugins.some((raw) => ['sbr', 'vrf'].includes(typeOf(view, raw)))
  const containers = Map.groupBy(
    wiredOf(view).filter((one) => one.netns !== undefined),
    ({ netns = '' }) => netns,
  )
  return [...containers].flatMap(([netns, all]) => {
    const wired = all.length > 1 ? all.filter((one) => !isSeparate(one)) : []
    const subnets = Map.groupBy(
      wired.flatMap((one) => one.addresses.map(({ cidr }) => ({ one, cidr }))),
      ({ cidr }) => formatCidr(subnetOf(cidr)),
    )
    return [...subnets.values()].flatMap((members) => {
      const [first] = members
      const own = [...new Set(members.map(({ one }) => one))]
      const isPair = first?.cidr.address.family === 4 && own.length > 1
      return isPair ? [{ netns, subnet: subnetOf(first.cidr), wired: own }] : []
    })
  })
}

function lookInside(path: string, subnet: Cidr, wired: readonly Wired[]): Finding[] {
  const namespace = openNamespaceIfAny(path)
  if (!namespace) return []
  try {
    return inNamespace(namespace, () => {
      const socket = openSocket(Protocol.ROUTE)
      try {
        return dropping(socket, subnet, wired).map((one) => finding(path, subnet, one))
      } finally {
        closeSocket(socket)
      }
    })
  } finally {
    closeNamespace(namespace)
  }
}

/** rp_filter is strict. */
const STRICT = 1

/** The interfaces that have a strict filter, and by which the container does not send to the subnet. */
function dropping(socket: Socket, subnet: Cidr, wired: readonly Wired[]): Wired[] {
  const way = findPath(socket, neighbourIn(subnet, wired))
  const all = Number(readSysctl('ipv4', 'conf', 'all', 'rp_filter') ?? 0)
  return wired.filter(({ ifname }) => {
    const [link, own] = [findLink(socket, ifname), readSysctl('ipv4', 'conf', ifname, 'rp_filter')]
    if (!link || !way || way.isLocal || own === undefined) return false
    return way.link !== link.index && Math.max(all, Number(own)) === STRICT
  })
}

/** An address of the subnet that none of the interfaces has. */
function neighbourIn(subnet: Cidr, wired: readonly Wired[]): Address {
  const own = new Set(wired.flatMap(({ addresses }) => addresses.map(({ cidr }) => cidr.address.value)))
  let address = plus(networkOf(subnet), 1n)
  while (own.has(address.value) && contains(subnet, address)) address = plus(address, 1n)
  return address
}

function finding(path: string, subnet: Cidr, { ifname, containerID, network }: Wired): Finding {
  const inside = `nsenter --net=${word(path)}`
  const other = formatAddress(networkOf(subnet))
  return {
    subject: `${ifname} of container ${shortID(containerID)}`,
    cause: `the container sends to ${formatCidr(subnet)} by another interface than ${ifname} of network ${network}, so its reverse path filter drops all that arrives by ${ifname} from there`,
    evidence: [
      { where: `${inside} sysctl net.ipv4.conf.${ifname}.rp_filter`, value: 'strict' },
      {
        where: `${inside} ip route show root ${other}`,
        value: `more than one route to ${formatCidr(subnet)}`,
      },
    ],
    mend: [`${inside} ${setting(['ipv4', 'conf', ifname, 'rp_filter'], '2')}`],
  }
}
