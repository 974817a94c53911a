/** What a container's namespace has now: its interface, with addresses and routes. */

import { formatAddress } from '../../shared/ip/address.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { listAddresses } from '../../shared/netlink/address.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { type KernelRoute, listRoutes, RT_TABLE_MAIN } from '../../shared/netlink/route.ts'
import { askInside } from '../host/inside.ts'

/** An interface as the kernel has it. */
export interface Now {
  name: string
  kind?: string
  mac: string
  mtu: number
  up: boolean
  addresses: string[]
  routes: string[]
}

/** @returns undefined when the namespace has no such interface @throws KernelError: EPERM without root */
export function interfaceNow(path: string, ifname: string): Now | undefined {
  return askInside(path, (socket) => {
    const link = findLink(socket, ifname)
    if (!link) return undefined
    const { name, kind, mac, mtu, up } = link
    const routes = ([4, 6] as const).flatMap((family) => listRoutes(socket, family, link))
    return {
      ...{ name, ...(kind && { kind }), mac, mtu, up },
      addresses: listAddresses(socket, link).map(formatCidr),
      routes: routes.filter(({ table }) => table === RT_TABLE_MAIN).map(formatRoute),
    }
  })
}

function formatRoute({ dst, gateway }: KernelRoute): string {
  return `${formatCidr(dst)}${gateway ? ` via ${formatAddress(gateway)}` : ''}`
}
