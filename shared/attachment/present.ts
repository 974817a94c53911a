/** What an interface has already: addresses and routes of the kernel that are those of a result. */

import { sameAddress } from '../ip/address.ts'
import { type Cidr, formatCidr, networkOf } from '../ip/subnet.ts'
import { listAddresses } from '../netlink/address.ts'
import type { LinkName } from '../netlink/link.ts'
import { type KernelRoute, listRoutes, type RouteSpec, RT_TABLE_MAIN } from '../netlink/route.ts'
import type { Socket } from '../netlink/socket.ts'

interface Present {
  lacksAddress(cidr: Cidr): boolean
  lacksRoute(route: RouteSpec): boolean
}

/** Of an interface that was just made. */
export const nothing: Present = { lacksAddress: () => true, lacksRoute: () => true }

/** The addresses and routes of an interface. */
export function presentOn(inside: Socket, link: LinkName): Present {
  const addresses = new Set(listAddresses(inside, link).map(formatCidr))
  const routes = ([4, 6] as const).flatMap((family) => listRoutes(inside, family, link))
  return {
    lacksAddress: (cidr) => !addresses.has(formatCidr(cidr)),
    lacksRoute: (route) => !routes.some((one) => matches(one, route)),
  }
}

/** Whether the kernel's route is the requested one. With a priority or table of 0 the kernel chooses. */
export function matches(
  route: KernelRoute,
  { dst, gateway, link, table, priority, source }: RouteSpec,
): boolean {
  return (
    route.dst.prefix === dst.prefix &&
    sameAddress(route.dst.address, networkOf(dst)) &&
    (!gateway || (route.gateway !== undefined && sameAddress(route.gateway, gateway))) &&
    route.link === link &&
    route.table === (table || RT_TABLE_MAIN) &&
    (!source || (route.source !== undefined && sameAddress(route.source, source))) &&
    (!priority || route.priority === priority)
  )
}
