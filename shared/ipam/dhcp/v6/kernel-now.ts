/** What routers have changed since ADD: the kernel follows them, and its addresses and its gateway are those of the attachment. */

import { formatAddress } from '../../../ip/address.ts'
import { formatCidr } from '../../../ip/subnet.ts'
import { openNamespaceIfAny } from '../../../kernel/namespace.ts'
import { findLink } from '../../../netlink/link.ts'
import { automaticOn } from '../../../netlink/router.ts'
import { openSocketIn, Protocol } from '../../../netlink/socket.ts'
import type { Entry, EntryResult } from '../journal.ts'

interface Found {
  /** CIDRs. */
  addresses: string[]
  gateways: string[]
}

/** What the interface of an entry has now. Where the kernel has none of a kind, it is what ADD gave, which CHECK misses. */
export function nowOf(entry: Entry, netns: string): EntryResult {
  const found = entry.ipv6 && foundIn(netns, entry.ifname)
  return found ? follow(entry, found) : entry.now
}

function foundIn(netns: string, ifname: string): Found | undefined {
  const namespace = openNamespaceIfAny(netns)
  if (!namespace) return undefined
  const inside = openSocketIn(namespace, Protocol.ROUTE)
  const link = findLink(inside, ifname)
  if (!link) return undefined
  const { addresses, gateways } = automaticOn(inside, link)
  return { addresses: addresses.map(formatCidr), gateways: gateways.map(formatAddress) }
}

/** Pure: an entry's result with what was found. */
export function follow({ now, ipv6, lease6 }: Entry, { addresses, gateways }: Found): EntryResult {
  const gateway = gatewayIn(ipv6?.gateway, gateways)
  const isLeased = (cidr: string) => lease6?.addresses.includes(cidr.split('/')[0] ?? '') ?? false
  const isAutomatic = ({ address }: EntryResult['ips'][number]) => address.includes(':') && !isLeased(address)
  const known = now.ips.filter(isAutomatic)
  const own =
    ipv6?.slaac && addresses.length > 0 ? addresses.map((address) => ({ ...known[0], address })) : known
  const [others, leased] = [false, true].map((is) =>
    now.ips.filter(({ address }) => isLeased(address) === is),
  )
  const ips = [...(others ?? []).filter((ip) => !isAutomatic(ip)), ...own, ...(leased ?? [])]
  return {
    ...now,
    ips: ips.map((ip) => (ip.address.includes(':') && gateway ? { ...ip, gateway } : ip)),
    routes: now.routes.map((route) => (route.dst === '::/0' && gateway ? { ...route, gw: gateway } : route)),
  }
}

/** The one of ADD as long as it is there. */
function gatewayIn(given: string | undefined, found: readonly string[]): string | undefined {
  return given === undefined || found.includes(given) ? given : (found[0] ?? given)
}
