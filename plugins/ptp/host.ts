/** The host's side of a routed link: the gateway's addresses, and routes to the container. */

import { repairable } from '../../shared/attachment/broken.ts'
import { enableIPv6 } from '../../shared/attachment/ipv6.ts'
import { matches } from '../../shared/attachment/present.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import { ignoreAdvertisements, lateLinkLocal, preferSysctl } from '../../shared/attachment/sysctl.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Ip, Result } from '../../shared/cni/result.ts'
import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { checkMasquerade } from '../../shared/host/masquerade.ts'
import { formatCidr, sameCidr } from '../../shared/ip/subnet.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { listAddresses, newAddress } from '../../shared/netlink/address.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { listRoutes, newOnlyRoute } from '../../shared/netlink/route.ts'
import { type Socket, transact } from '../../shared/netlink/socket.ts'
import { checkHostEnd } from '../../shared/pair/host-end.ts'
import type { PtpConfig } from './config.ts'
import { gatewayAddresses, hostRoutes } from './routes.ts'

/** Sets the host's end up with its addresses and routes. They are deleted with it, so no undo is needed. @throws CniError */
export function connectHost(host: Socket, end: Link, ips: Ip[], log: Log): void {
  const gateways = gatewayAddresses(ips)
  const hasIPv6 = gateways.some(({ address }) => address.family === 6)
  setSysctls(end, hasIPv6, log)
  try {
    transact(host, [
      changeLink(end, { up: true }),
      ...gateways.map((cidr) => newAddress(end, cidr, { nodad: true })),
      ...hostRoutes(ips, end).map(newOnlyRoute),
    ])
  } catch (error) {
    throw (isErrno(error, 'EEXIST') && routeExists(host, end, ips, error)) || error
  }
}

/** The error if the host has a route to the address by another interface: DEL did not run, or networks overlap. */
function routeExists(host: Socket, end: Link, ips: Ip[], cause: KernelError): CniError | undefined {
  for (const { dst } of hostRoutes(ips, end)) {
    const { family } = dst.address
    const other = listRoutes(host, family).find(
      (route) => sameCidr(route.dst, dst) && route.link !== end.index,
    )
    if (!other) continue
    const name = other.link && findLink(host, other.link)?.name
    return new CniError(Code.Internal, {
      msg: `the host has a route to ${formatCidr(dst)} already, by ${name || 'no interface'}: delete it, or use another range`,
      hint: `delete ${name || 'the route'} if it is not needed any more, or give each network its own range`,
      ...factsOf(cause),
      see: `ip -${family} route show ${formatCidr(dst)}`,
    })
  }
  return undefined
}

/** Without duplicate address detection the link-local address, which neighbour solicitations are sent from, is usable at once. */
function setSysctls({ name }: Link, hasIPv6: boolean, log: Log): void {
  ignoreAdvertisements(log, name)
  if (!hasIPv6) return
  enableIPv6(name)
  preferSysctl(log, lateLinkLocal, '0', 'ipv6', 'conf', name, 'accept_dad')
}

/** @throws CniError naming the first difference to what ADD made */
export async function checkHost(
  sides: Sides,
  request: Request<PtpConfig>,
  prevResult: Result,
): Promise<void> {
  const { host } = sides
  const end = checkHostEnd(sides, request, prevResult)
  checkGateways(host, end, prevResult.ips)
  checkRoutes(host, end, prevResult.ips)
  await checkMasquerade(request, prevResult)
}

function checkGateways(host: Socket, end: Link, ips: Ip[]): void {
  const present = listAddresses(host, end)
  for (const gateway of gatewayAddresses(ips)) {
    if (present.some((cidr) => sameCidr(cidr, gateway))) continue
    const msg = `${end.name} lacks the gateway address ${formatCidr(gateway)}`
    throw repairable(msg, newAddress(end, gateway), `ip address show dev ${end.name}`)
  }
}

function checkRoutes(host: Socket, end: Link, ips: Ip[]): void {
  for (const route of hostRoutes(ips, end)) {
    const { family } = route.dst.address
    if (listRoutes(host, family, end).some((found) => matches(found, route))) continue
    const msg = `the host lacks its route to ${formatCidr(route.dst)}`
    throw repairable(msg, newOnlyRoute(route), `ip -${family} route show dev ${end.name}`)
  }
}
