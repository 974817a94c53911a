/** What ADD takes from routers: addresses that the kernel has made, the gateway, DNS. */

import type { Seen } from '../../../dhcp/exchange.ts'
import type { LeaseDns } from '../../../dhcp/lease.ts'
import { informationRequest } from '../../../dhcp/v6/information.ts'
import { type Address, formatAddress } from '../../../ip/address.ts'
import { contains, formatCidr, linkLocal } from '../../../ip/subnet.ts'
import { now } from '../../../kernel/clock.ts'
import { close } from '../../../kernel/files.ts'
import { inNamespace } from '../../../kernel/namespace.ts'
import { type Router, waitForRouter } from '../../../netlink/router.ts'
import type { Asking } from '../asking.ts'
import { client6Of } from '../client.ts'
import type { Entry } from '../journal.ts'
import type { Place } from '../link.ts'
import { run } from '../port.ts'
import { udp6Port } from '../udp6-port.ts'
import { noPrefix, noRouter } from './failure.ts'
import { waitForLinkLocal } from './link-local.ts'
import type { Listening } from './listening.ts'

/** What routers gave: for the entry, and the addresses of the result. */
export interface Routed {
  ipv6: NonNullable<Entry['ipv6']>
  /** CIDRs. */
  automatic: string[]
}

/** How long is waited, milliseconds: for a gateway beside addresses of DHCPv6, for another router that has a prefix, and for DNS. */
const [gatewayWait, prefixWait, dnsWait, least] = [3000, 2000, 2000, 200]

/**
 * Waits for a router. Addresses of DHCPv6 are an answer without one, too.
 * @throws CniError of code 11 when an address is to be made from a router's prefix, and there is none
 */
export function routed(place: Place, listening: Listening, asking: Asking): Routed {
  const { slaac, priority } = listening
  const router = slaac ? routerWithPrefix(place, listening, asking) : anyRouter(listening, asking)
  const gateway = gatewayOf(router, place, asking)
  return {
    ipv6: {
      slaac,
      ...gateway,
      ...(gateway.gateway && { priority }),
      dns: router ? dnsOf(router, place, listening, asking) : {},
    },
    automatic: slaac && router ? router.addresses.map(formatCidr) : [],
  }
}

function anyRouter({ watch, since }: Listening, { deadline }: Asking): Router | undefined {
  const end = Math.min(deadline, since + gatewayWait)
  return waitForRouter(watch, Math.max(least, end - now()))
}

function routerWithPrefix(place: Place, { watch, dhcp6 }: Listening, { deadline, seconds }: Asking): Router {
  const first = waitForRouter(watch, deadline - now())
  if (!first) throw noRouter(place, seconds)
  const hasAddress = ({ addresses }: Router) => addresses.length > 0
  const wait = Math.min(prefixWait, deadline - now())
  const router = hasAddress(first) ? first : (waitForRouter(watch, wait, hasAddress) ?? first)
  if (hasAddress(router)) return router
  throw noPrefix(place, router, dhcp6)
}

function gatewayOf(router: Router | undefined, { link }: Place, { log }: Asking): { gateway?: string } {
  if (router?.gateway) return { gateway: formatAddress(router.gateway) }
  const why = router
    ? 'the router that advertises itself is no default router'
    : 'no router advertises itself'
  log.warn(`${link.name} has no gateway of IPv6: ${why}`)
  return {}
}

/** A server of DHCPv6 is asked where routers say that it knows (flag O), and say nothing themselves. */
function dnsOf(router: Router, place: Place, { dhcp6 }: Listening, asking: Asking): LeaseDns {
  const { dns, search, other, managed } = router
  if (dns.length === 0 && search.length === 0 && (other || managed) && !dhcp6) return askedFor(place, asking)
  const nameservers = dns.map((address) => textOf(address, place))
  return { ...(nameservers.length > 0 && { nameservers }), ...(search.length > 0 && { search }) }
}

/** A link-local server is asked by a link (RFC 4007 section 11). */
function textOf(address: Address, { link }: Place): string {
  const text = formatAddress(address)
  return contains(linkLocal, address) ? `${text}%${link.name}` : text
}

/** Without an answer the container has no name servers of IPv6, but its addresses. */
function askedFor(place: Place, { client, deadline, log }: Asking): LeaseDns {
  const milliseconds = Math.min(dnsWait, deadline - now())
  waitForLinkLocal(place, milliseconds)
  const seen: Seen = { sentences: [] }
  const port = inNamespace(place.namespace, () => udp6Port(place.link))
  try {
    const dns = run(port, informationRequest(client6Of({ client }), { milliseconds, now }, seen))
    if (!dns)
      log.warn(
        `the router says that DHCPv6 has name servers, and no server answered: ${seen.sentences.join('; ')}`,
      )
    return dns ?? {}
  } finally {
    close(port.fd)
  }
}
