/** CHECK: each address has its rule, and the table of that rule its routes. */

import { broken, repairable } from '../../shared/attachment/broken.ts'
import { requirePrevResult } from '../../shared/attachment/chained.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { formatAddress, sameAddress, width } from '../../shared/ip/address.ts'
import { formatCidr, networkOf, subnetOf } from '../../shared/ip/subnet.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { type KernelRoute, listRoutes } from '../../shared/netlink/route.ts'
import { listRules, newRule } from '../../shared/netlink/rule.ts'
import type { SbrConfig } from './config.ts'
import { hasFixedGateway, type Source, sourcesOf } from './source.ts'

/** @throws CniError naming the first difference */
export function check({ inside }: Sides, request: Request<SbrConfig>): void {
  const sources = sourcesOf(request, requirePrevResult(request, notChained))
  const link = findLink(inside, request.ifname)
  if (!link)
    throw broken(`the container has no interface ${request.ifname} any more`, {
      see: commandIn(request, 'ip link show'),
    })
  for (const family of new Set(sources.map(({ cidr }) => cidr.address.family))) {
    const rules = listRules(inside, family).flatMap(({ source }) => source ?? [])
    const routes = request.config.table === undefined ? listRoutes(inside, family, link) : []
    for (const source of sources.filter(({ cidr }) => cidr.address.family === family)) {
      const { address } = source.cidr
      const tables = rules.filter(({ from }) => sameAddress(from, address)).map(({ table }) => table)
      requireRule(source, tables, request)
      if (request.config.table === undefined) requireRoutes(source, link, ofTables(routes, tables), request)
    }
  }
}

// The reference's words.
export const notChained = 'This plugin must be called as chained plugin'

function ofTables(routes: readonly KernelRoute[], tables: readonly number[]): KernelRoute[] {
  return routes.filter(({ table }) => tables.includes(table))
}

function requireRule({ cidr: { address } }: Source, tables: number[], request: Request<SbrConfig>): void {
  const { table } = request.config
  if (table === undefined ? tables.length > 0 : tables.includes(table)) return
  const see = `ip -${address.family} rule show`
  const msg = `the container lacks its rule from ${formatAddress(address)}`
  if (table === undefined) throw broken(msg, { see: commandIn(request, see) })
  throw repairable(`${msg} lookup ${table}`, newRule({ from: address, table }), see, request)
}

function requireRoutes(
  { cidr, gateway }: Source,
  link: Link,
  routes: readonly KernelRoute[],
  request: Request<SbrConfig>,
): void {
  const { family } = cidr.address
  const from = formatAddress(cidr.address)
  const see = commandIn(request, `ip -${family} route show table all dev ${link.name}`)
  const isFixed = hasFixedGateway(request.config, family)
  const subnet = subnetOf(cidr)
  const hasSubnet = routes.some(
    ({ dst }) => dst.prefix === cidr.prefix && sameAddress(dst.address, networkOf(cidr)),
  )
  if (cidr.prefix < width(family) && !hasSubnet)
    throw broken(`the table of ${from} lacks the route to ${formatCidr(subnet)} by ${link.name}`, { see })
  if (!gateway) return
  const fits = (route: KernelRoute) =>
    route.dst.prefix === 0 && (!isFixed || (route.gateway && sameAddress(route.gateway, gateway)))
  if (routes.some(fits)) return
  throw broken(`the table of ${from} lacks the default route via ${formatAddress(gateway)}`, { see })
}
