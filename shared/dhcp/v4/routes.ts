/** The gateway and the routes of a lease, from options 3, 33 and 121: only those that a kernel takes. */

import { type Address, formatAddress, sameAddress } from '../../ip/address.ts'
import { whyUnusable } from '../../ip/host.ts'
import { type Cidr, contains, distinct, formatCidr, sameCidr, subnetOf } from '../../ip/subnet.ts'
import { note } from '../exchange.ts'
import type { Lease4 } from '../lease.ts'
import { parseClasslessRoutes, parseStaticRoutes, type Route4 } from './classless-routes.ts'
import { type Reader, read } from './reader.ts'
import { addressesOf } from './values.ts'

const most = 256
const everywhere: Cidr = { address: { family: 4, value: 0n }, prefix: 0 }

/** @param own the address of the lease, with its prefix */
export function routingOf(reader: Reader, own: Cidr): Pick<Lease4, 'gateway' | 'routes'> {
  const given = atMost(givenRoutes(reader, own), reader)
  const routes = distinct(
    given.filter((route) => isPossible(route, own, reader)),
    ({ dst }) => dst,
  )
  const gateway = routes.find(({ dst }) => dst.prefix === 0)?.gw
  const all = atMost([...ways(routes, own), ...onLinkFirst(routes)], reader)
  return { gateway: gateway && formatAddress(gateway), routes: all.map(asText) }
}

function atMost(routes: readonly Route4[], { warnings }: Reader): Route4[] {
  if (routes.length > most) note(warnings, `routes after the first ${most} are ignored`)
  return routes.slice(0, most)
}

/** With option 121 a client ignores options 3 and 33 (RFC 3442). */
function givenRoutes(reader: Reader, own: Cidr): Route4[] {
  const classless = read(reader, 'classless-static-routes', parseClasslessRoutes)
  if (classless) return classless
  const routers = read(reader, 'routers', addressesOf) ?? []
  const usable = routers.find((router) => whyNoNextHop(router, own) === undefined)
  const gw = usable ?? routers[0]
  return [
    ...(read(reader, 'static-routes', parseStaticRoutes) ?? []),
    ...(gw ? [{ dst: everywhere, gw }] : []),
  ]
}

/** The kernel makes the route to the own subnet itself. */
function isPossible({ dst, gw }: Route4, own: Cidr, { warnings }: Reader): boolean {
  if (!gw) return !sameCidr(dst, subnetOf(own))
  const why = whyNoNextHop(gw, own)
  const names = `the route to ${formatCidr(dst)} is ignored: its router ${formatAddress(gw)}`
  if (why) note(warnings, `${names} is ${why}`)
  return why === undefined
}

/** As a noun phrase. */
function whyNoNextHop(router: Address, own: Cidr): string | undefined {
  if (sameAddress(router, own.address)) return 'the address itself'
  return whyUnusable({ address: router, prefix: contains(own, router) ? own.prefix : 32 })
}

/** The kernel takes a router only on the link, but hosters give some outside the subnet: for each a route to itself. */
function ways(routes: readonly Route4[], own: Cidr): Route4[] {
  const direct = [own, ...routes.flatMap(({ dst, gw }) => (gw ? [] : [dst]))]
  const far = routes.flatMap(({ gw }) => (gw && !direct.some((dst) => contains(dst, gw)) ? [gw] : []))
  return distinct(
    far.map((address) => ({ dst: { address, prefix: 32 } })),
    ({ dst }) => dst,
  )
}

/** In the order in which the kernel can take them. */
function onLinkFirst(routes: readonly Route4[]): Route4[] {
  return [...routes.filter(({ gw }) => !gw), ...routes.filter(({ gw }) => gw)]
}

function asText({ dst, gw }: Route4): Lease4['routes'][number] {
  return gw ? { dst: formatCidr(dst), gw: formatAddress(gw) } : { dst: formatCidr(dst) }
}
