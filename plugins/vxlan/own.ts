/** With `"peers": "store"`: the address of the underlay by which the other hosts reach this one, and the MTU of its link. */

import { CniError, Code } from '../../shared/error/error.ts'
import { type Address, families, parseAddress, sameAddress } from '../../shared/ip/address.ts'
import { type LinkAddress, listAllAddresses } from '../../shared/netlink/address.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { type KernelRoute, listRoutes, RT_TABLE_MAIN } from '../../shared/netlink/route.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { readServed } from '../../shared/store/peers.ts'
import type { VxlanConfig } from './config.ts'
import { vtepName } from './names.ts'

export interface Own {
  address: Address
  /** The link that packets leave by, and what it or its default route carries. */
  link: Link
  mtu: number
}

interface Known {
  local?: Address
  dev?: Link
  isOwn(address: Address): boolean
}

/**
 * `local`; or what ADD has told before, as long as the host has it, since a VTEP keeps the family it was made for; or the address of `dev`, or
 * of the default route. IPv4 comes first. Undefined when the host has none now.
 */
export function findOwn(host: Socket, config: VxlanConfig, { local, dev, isOwn }: Known): Own | undefined {
  const told = local ? undefined : toldBefore(config, isOwn)
  const addresses = listAllAddresses(host).filter(isUsable)
  const wanted = local ?? told
  for (const family of wanted ? [wanted.family] : families) {
    const own = ownOf(host, family, { wanted, dev, addresses })
    if (own) return own
  }
  return undefined
}

function toldBefore({ vni = 0 }: VxlanConfig, isOwn: Known['isOwn']): Address | undefined {
  const before = parseAddress(readServed(vtepName(vni))?.address ?? '')
  return before && isOwn(before) ? before : undefined
}

/** Other hosts reach it (RT_SCOPE_UNIVERSE), and duplicate address detection has not refused it. */
function isUsable({ scope, dadFailed }: LinkAddress): boolean {
  return scope === 0 && !dadFailed
}

interface Choice {
  wanted?: Address
  dev?: Link
  addresses: readonly LinkAddress[]
}

/** An address on the loopback interface, as hosts with BGP have it, says nothing of the link: then it is the default route's. */
function ownOf(host: Socket, family: 4 | 6, { wanted, dev, addresses }: Choice): Own | undefined {
  const holder = wanted && addresses.find(({ address }) => sameAddress(address, wanted))
  const held = holder ? findLink(host, holder.link) : undefined
  const direct = dev ?? (held && !isInner(held) ? held : undefined)
  if (direct) {
    const address = wanted ?? addressOn(direct, family, addresses)
    return address && { address, link: direct, mtu: direct.mtu }
  }
  const route = defaultRoute(host, family)
  const link = route?.link ? findLink(host, route.link) : undefined
  if (!link) return wanted && held && { address: wanted, link: held, mtu: ETHERNET_MTU }
  const address = wanted ?? route?.source ?? addressOn(link, family, addresses)
  return address && { address, link, mtu: Math.min(link.mtu, route?.mtu ?? link.mtu) }
}

/** Of a path of which nothing is known. */
const ETHERNET_MTU = 1500

function isInner({ name, kind }: Link): boolean {
  return name === 'lo' || kind === 'dummy' || kind === 'vrf'
}

/** One that does not run out (of SLAAC, DHCP), if there is one. */
function addressOn({ index }: Link, family: 4 | 6, addresses: readonly LinkAddress[]): Address | undefined {
  const there = addresses.filter(({ link, address }) => link === index && address.family === family)
  return (there.find(({ permanent }) => permanent) ?? there[0])?.address
}

/** That with the lowest metric. Equivalent to `ip route show default`. */
function defaultRoute(host: Socket, family: 4 | 6): KernelRoute | undefined {
  return listRoutes(host, family)
    .filter(({ dst, link, table }) => dst.prefix === 0 && link && table === RT_TABLE_MAIN)
    .sort((one, other) => (one.priority ?? 0) - (other.priority ?? 0))[0]
}

/** For ADD. @throws CniError of code 11: an address may come, as at boot */
export function requireOwn({ own }: { own?: Own }, { dev }: VxlanConfig): Own {
  if (own) return own
  throw new CniError(Code.TryAgainLater, {
    msg: `${noOwnIn(dev)}, so other hosts cannot be told where this one is: set local or dev`,
    hint: 'give the interface an address, or name the one of the underlay: "local": "192.0.2.1"',
    see: 'ip address show; ip route show default; ip -6 route show default',
  })
}

/** Why there is no address for the peers, for STATUS. */
export function noOwnIn(dev: string | undefined): string {
  return dev ? `${dev} has no address` : 'the host has no default route with an address'
}
