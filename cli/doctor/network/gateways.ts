/** The host as the gateway of its containers: its addresses, their routes, and what diverts them. */

import { oncePer } from '../../../shared/config/once.ts'
import { type Address, formatAddress, sameAddress, width } from '../../../shared/ip/address.ts'
import { type Cidr, contains, formatCidr } from '../../../shared/ip/subnet.ts'
import type { LinkAddress } from '../../../shared/netlink/address.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import { word } from '../../form/shell.ts'
import type { Fault, Finding, View } from '../frame/fault.ts'
import { ownEnds } from './own-links.ts'
import { gatewayLinkOf, samplesOf } from './routed.ts'
import { Protocol, type Route, routesOf } from './routes.ts'
import { setting } from './sysctls.ts'
import { addressesOf, linksByIndex, linksByName, settingsOf } from './tables.ts'
import { type Wired, wiredOf } from './wired.ts'

/** An address that a link of the host must have, and for ptp the container that is behind it. */
interface Side {
  wired: Wired
  link: Link
  gateway: Cidr
  /** The container's address, to which ptp has a route of its own. */
  container?: Address
}

/** What the host must have for its routed containers, each gateway of a bridge once. */
const sidesOf: (view: View) => readonly Side[] = oncePer((view: View) => {
  const sides = new Map<string, Side>()
  for (const wired of wiredOf(view)) {
    const name = gatewayLinkOf(wired)
    const link = name === undefined ? undefined : linksByName(view).get(name)
    if (!link || (wired.type === 'bridge' && link.kind !== 'bridge')) continue
    for (const { cidr, gateway } of wired.addresses) {
      if (!gateway || gateway.family !== cidr.address.family) continue
      const isPtp = wired.type === 'ptp'
      const own = { address: gateway, prefix: isPtp ? width(gateway.family) : cidr.prefix }
      const key = `${link.index} ${formatCidr(own)} ${isPtp ? formatAddress(cidr.address) : ''}`
      if (!sides.has(key))
        sides.set(key, { wired, link, gateway: own, container: isPtp ? cidr.address : undefined })
    }
  }
  return [...sides.values()]
})

function adding({ link, gateway, container }: Side): string[] {
  const nodad = gateway.address.family === 6 ? ' nodad' : ''
  const name = word(link.name)
  return [
    `ip address replace ${formatCidr(gateway)} dev ${name}${nodad}`,
    ...(container ? [`ip route replace ${formatAddress(container)} dev ${name}`] : []),
  ]
}

/** Commands that give a link what it must have for containers and loses while it is down: routes, and addresses of IPv6. */
export function restoring(view: View, { index }: Link): string[] {
  return [...new Set(sidesOf(view).flatMap((side) => (side.link.index === index ? adding(side) : [])))]
}

/** Whether IPv6 is off on the link, which takes all its addresses and routes away: that is a fault of its own. */
function isOff(view: View, { link, gateway }: Side): boolean {
  return gateway.address.family === 6 && settingsOf(view).get(link.index)?.ipv6('disable_ipv6') === 1
}

export const ipv6Disabled: Fault = {
  id: 'ipv6-disabled',
  title: 'IPv6 is off on a link whose containers have IPv6 addresses',
  severity: 'error',
  look(view) {
    const off = Map.groupBy(
      sidesOf(view).filter((side) => isOff(view, side)),
      ({ link }) => link,
    )
    return [...off].map(([{ name }, sides]) => ({
      subject: name,
      cause: `IPv6 was switched off on ${name}, which removed the gateway of its containers`,
      evidence: [{ where: `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, value: '1' }],
      mend: [setting(['ipv6', 'conf', name, 'disable_ipv6'], '0'), ...new Set(sides.flatMap(adding))],
    }))
  },
}

export const gatewayMissing: Fault = {
  id: 'gateway-missing',
  title: "the containers' gateway has lost its address or route",
  severity: 'error',
  look(view) {
    const present = Map.groupBy(addressesOf(view), ({ link }) => link)
    const routed = Map.groupBy(routesOf(view), ({ link }) => link)
    return sidesOf(view).flatMap((side) => {
      const { link, gateway, container } = side
      const hasAddress = (present.get(link.index) ?? []).some((one) =>
        sameAddress(one.address, gateway.address),
      )
      const hasRoute =
        !container || (routed.get(link.index) ?? []).some(({ dst }) => sameAddress(dst.address, container))
      // A link that is down has no routes, and IPv6 no addresses: that is a fault of its own.
      if ((hasAddress && hasRoute) || !link.up || isOff(view, side)) return []
      return [lost(side, hasAddress)]
    })
  },
}

function lost(side: Side, hasAddress: boolean): Finding {
  const { link, gateway, container, wired } = side
  const address = formatAddress(gateway.address)
  const to = container && formatAddress(container)
  return {
    subject: link.name,
    cause: hasAddress
      ? `the host has no route to ${to} by ${link.name}, so nothing reaches its container of network ${wired.network}`
      : `${link.name} has no address ${address}, the gateway of network ${wired.network}, so its containers reach nothing beyond it`,
    evidence: [
      hasAddress
        ? { where: `ip route show ${to}`, value: `no route by ${link.name}` }
        : { where: `ip address show dev ${word(link.name)}`, value: `no ${address}` },
    ],
    mend: adding(side),
  }
}

export const gatewayTwice: Fault = {
  id: 'gateway-twice',
  title: "the containers' gateway is also the address of another link",
  severity: 'error',
  look(view) {
    const bridges = sidesOf(view).filter(({ container }) => !container)
    const ours = new Set(ownEnds(view).map(({ index }) => index))
    return bridges.flatMap(({ link, gateway }) =>
      addressesOf(view)
        .filter(
          (one) =>
            one.link !== link.index && !ours.has(one.link) && sameAddress(one.address, gateway.address),
        )
        .map((one) => twice(view, one, link)),
    )
  },
}

function twice(view: View, found: LinkAddress, bridge: Link): Finding {
  const name = linksByIndex(view).get(found.link)?.name ?? ''
  const [address, cidr] = [formatAddress(found.address), formatCidr(found)]
  return {
    subject: name,
    cause: `${name} has the address ${address}, which is the gateway of the containers on ${bridge.name}: answers to them may leave by ${name}`,
    evidence: [bridge.name, name].map((one) => ({
      where: `ip address show dev ${word(one)}`,
      value: address,
    })),
    mend: [`ip address delete ${cidr} dev ${word(name)}`],
  }
}

export const subnetDiverted: Fault = {
  id: 'subnet-diverted',
  title: 'a route leads addresses of containers elsewhere',
  severity: 'error',
  look(view) {
    const ours = new Set(ownEnds(view).map(({ index }) => index))
    const links = linksByName(view)
    const samples = samplesOf(view).filter(({ from, wired }) => from !== undefined || wired.type === 'ptp')
    return samples.flatMap(({ subnet, from, wired }) => {
      const own = wired.type === 'bridge' && from !== undefined ? links.get(from)?.index : undefined
      const others = routesOf(view).filter(
        ({ dst, link }) =>
          dst.prefix >= subnet.prefix &&
          contains(subnet, dst.address) &&
          link !== undefined &&
          link !== own &&
          !ours.has(link),
      )
      return others.map((route) => diverted(view, route, wired.network, subnet))
    })
  },
}

function diverted(view: View, route: Route, network: string, subnet: Cidr): Finding {
  const name = linksByIndex(view).get(route.link ?? 0)?.name ?? ''
  const via = route.gateway ? ` via ${formatAddress(route.gateway)}` : ''
  const words = `${formatCidr(route.dst)}${via} dev ${word(name)}`
  const family = route.dst.address.family
  // The kernel makes a route of each address.
  const address = addressesOf(view).find(
    (one) => one.link === route.link && one.prefix === route.dst.prefix && contains(one, route.dst.address),
  )
  return {
    subject: network,
    cause: `the host sends packets to ${formatCidr(route.dst)} by ${name}, but network ${network} has ${formatCidr(subnet)}: give one of the two another subnet`,
    evidence: [{ where: `ip -${family} route show`, value: words }],
    mend: [
      address && route.protocol === Protocol.KERNEL
        ? `ip address delete ${formatCidr(address)} dev ${word(name)}`
        : `ip -${family} route delete ${words}`,
    ],
  }
}
