/** What the kernel has learned from the router advertisements on a link: gateway, addresses, flags; and DNS, which it only passes on. */

import type { Address } from '../ip/address.ts'
import type { Cidr } from '../ip/subnet.ts'
import { now, waitReadable } from '../kernel/clock.ts'
import { tolerate } from '../kernel/errno.ts'
import { type LinkAddress, listAddresses } from './address.ts'
import { type AdvertisedDns, addAdvertised, NEWNDUSEROPT } from './advertised-dns.ts'
import { attributesIn } from './attributes.ts'
import { Group } from './events.ts'
import { AF_SPEC } from './ipv4-conf.ts'
import { type LinkName, showLink } from './link.ts'
import { listRoutes } from './route.ts'
import { ask, closeSocket, openSocket, Protocol, readMessages, type Socket } from './socket.ts'

/** A link's routers, as the kernel has them. */
export interface Router extends AdvertisedDns {
  /** The link-local address of one that is a default router. */
  gateway?: Address
  /** That the kernel has made from the announced prefixes, and that can be used: duplicate address detection is over. */
  addresses: Cidr[]
  /** There are addresses by DHCPv6 (flag M, RFC 4861 section 4.2). */
  managed: boolean
  /** There is DNS by DHCPv6 (flag O). */
  other: boolean
}

/** The sockets that hear a link's advertisements: they come once, so they are open before the link is up. */
export interface RouterWatch {
  link: LinkName
  events: Socket
  questions: Socket
  dns: AdvertisedDns
}

const groups = Group.IPV6_IFADDR | Group.IPV6_ROUTE | Group.IPV6_IFINFO | Group.ND_USEROPT

/** Begins to listen, in the namespace of the link; `endWatch` ends it. @throws KernelError */
export function watchRouters(link: LinkName): RouterWatch {
  const events = openSocket(Protocol.ROUTE, groups)
  return { link, events, questions: openSocket(Protocol.ROUTE), dns: { dns: [], search: [] } }
}

export function endWatch({ events, questions }: RouterWatch): void {
  for (const socket of [events, questions]) closeSocket(socket)
}

/** One advertisement makes several events while the kernel reads it, DNS last. It has read it when none has come for so long, milliseconds; a busy node pauses before. */
const quietAfter = { dns: 20, others: 100 } as const

/**
 * Waits until an advertisement has come, and the addresses that the kernel made from it can be used.
 * @param isEnough whether that is all that is waited for; later advertisements may bring more
 * @returns what is there when the time is over; undefined when no advertisement has come by then
 * @throws KernelError when the link is gone
 */
export function waitForRouter(
  watch: RouterWatch,
  milliseconds: number,
  isEnough: (router: Router) => boolean = () => true,
): Router | undefined {
  const deadline = now() + milliseconds
  for (let isReceived = false; ; ) {
    watch.dns = gather(watch, isReceived, deadline)
    const { router, isPending } = look(watch)
    const isNew = router !== undefined && !isReceived
    isReceived = router !== undefined
    if (isNew) continue // it came after the events were gathered, and may not be over
    if (router && !isPending && isEnough(router)) return router
    if (!waitReadable(watch.events.fd, deadline - now())) return look(watch).router
  }
}

/** Reads the events that are there; those of an advertisement until they pause. */
function gather({ link, events, dns }: RouterWatch, isReceived: boolean, deadline: number): AdvertisedDns {
  let known = dns
  const quiet = () => (isReceived ? quietWith(known) : 0)
  while (waitReadable(events.fd, Math.min(quiet(), deadline - now())))
    known = advertisements(events).reduce((all, message) => addAdvertised(all, link.index, message), known)
  return known
}

function quietWith({ dns, search }: AdvertisedDns): number {
  return dns.length + search.length > 0 ? quietAfter.dns : quietAfter.others
}

/** The DNS in the next events. Lost ones (ENOBUFS) are not missed: the kernel's state is read again. */
function advertisements(events: Socket): Buffer[] {
  const messages = tolerate(() => readMessages(events), 'ENOBUFS') ?? []
  return messages.filter(({ type }) => type === NEWNDUSEROPT).map(({ data }) => data)
}

/** IFLA_INET6_FLAGS in IFLA_AF_SPEC, and its bits IF_RA_* (include/uapi/linux/if_link.h, include/net/if_inet6.h). */
const INET6_FLAGS = 1
const Ra = { OTHERCONF: 0x80, MANAGED: 0x40, RCVD: 0x20 } as const
const AF_INET6 = 10
const HEADER_LENGTH = 16

/** What there is now. Pending: an address cannot be used yet. */
function look({ link, questions, dns }: RouterWatch): { router?: Router; isPending: boolean } {
  const flags = flagsOf(questions, link)
  if (!(flags & Ra.RCVD)) return { isPending: true }
  const own = listAddresses(questions, link).filter(isAutomatic)
  const { addresses, gateways } = automaticOn(questions, link)
  const router = { gateway: gateways[0], addresses, ...flagWords(flags), ...dns }
  return { router, isPending: own.some(({ tentative, dadFailed }) => tentative && !dadFailed) }
}

function flagWords(flags: number): Pick<Router, 'managed' | 'other'> {
  return { managed: (flags & Ra.MANAGED) !== 0, other: (flags & Ra.OTHERCONF) !== 0 }
}

function flagsOf(socket: Socket, { index }: LinkName): number {
  const [reply] = ask(socket, showLink(index))
  const families = reply && attributesIn(reply.data, HEADER_LENGTH)(AF_SPEC)
  const ipv6 = families && attributesIn(families)(AF_INET6)
  return (ipv6 && attributesIn(ipv6)(INET6_FLAGS)?.readUInt32LE(0)) ?? 0
}

/** RT_SCOPE_UNIVERSE */
const EVERYWHERE = 0

/** Whether the kernel has made it from a prefix: one that a program has added has no end. */
function isAutomatic({ address, scope, permanent }: LinkAddress): boolean {
  return address.family === 6 && scope === EVERYWHERE && !permanent
}

/** RTPROT_RA, include/uapi/linux/rtnetlink.h. */
const FROM_ADVERTISEMENT = 'RA'

/** What the kernel has from advertisements on a link at this moment: addresses that can be used, be they deprecated, and default routers. */
export function automaticOn(socket: Socket, link: LinkName): { addresses: Cidr[]; gateways: Address[] } {
  const usable = listAddresses(socket, link).filter((one) => isAutomatic(one) && !one.tentative)
  const addresses = usable.map(({ address, prefix }) => ({ address, prefix }))
  return { addresses, gateways: gatewaysOf(socket, link) }
}

function gatewaysOf(socket: Socket, link: LinkName): Address[] {
  const routes = listRoutes(socket, 6, link).filter(
    ({ dst, protocol }) => dst.prefix === 0 && protocol === FROM_ADVERTISEMENT,
  )
  return routes.flatMap(({ gateway }) => gateway ?? [])
}
