/**
 * Which of a container's routes to one destination is used. As with the reference's plugins the newest comes first: Multus and its
 * users rely on it. With `keepDefaultRoute` a default route that is there stays first.
 */

import { listRoutes, newFirstRoute, newRoute, type RouteSpec, RT_TABLE_MAIN } from '../netlink/route.ts'
import type { Request, Socket } from '../netlink/socket.ts'

/** The requests for new routes. @param keep an existing default route stays before a new one */
export function inPlace(inside: Socket, routes: readonly RouteSpec[], keep = false): Request[] {
  return routes.map((route) => {
    if (route.dst.address.family === 6)
      return newRoute({ ...route, priority: priorityOf(inside, route, keep) })
    return keep && isDefault(route) ? newRoute(route) : newFirstRoute(route)
  })
}

function isDefault({ dst }: Pick<RouteSpec, 'dst'>): boolean {
  return dst.prefix === 0
}

/** IP6_RT_PRIO_USER, include/net/ipv6.h: the priority of a route without one. */
const USUAL = 1024

/** IPv6 routes of one priority to one destination share the traffic, whichever is newer: only another priority puts one first. */
function priorityOf(inside: Socket, route: RouteSpec, keep: boolean): number | undefined {
  if (!isDefault(route) || route.priority) return route.priority
  const table = route.table || RT_TABLE_MAIN
  const others = listRoutes(inside, 6).filter((other) => isDefault(other) && other.table === table)
  const taken = others.map(({ priority = USUAL }) => priority)
  if (taken.length === 0) return undefined
  return keep ? Math.max(USUAL, ...taken) + 1 : Math.max(1, Math.min(USUAL, ...taken) - 1)
}
