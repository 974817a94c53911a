/** ADD: fills tables with the interface's routes, and takes these out of table main. A failed ADD puts them back. */

import type { Undo } from '../../shared/attachment/undo.ts'
import { type Address, families } from '../../shared/ip/address.ts'
import { type Cidr, contains } from '../../shared/ip/subnet.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import type { Link } from '../../shared/netlink/link.ts'
import {
  listRoutes,
  newRoute,
  type RouteSpec,
  RT_TABLE_MAIN,
  removeRoute,
} from '../../shared/netlink/route.ts'
import { listRules, newRule, removeRule, type SourceRule } from '../../shared/netlink/rule.ts'
import {
  deleteRoute,
  inTable,
  readRoute,
  restoreRoute,
  restoreWithSource,
  savePortRoutes,
} from '../../shared/netlink/saved-route.ts'
import { ask, type Request as NetlinkRequest, type Socket } from '../../shared/netlink/socket.ts'
import { isFreeNumber, type SbrConfig } from './config.ts'
import { freeTables, hasGateway, leadsTo, leaving, type MainRoute, planTables, type Table } from './plan.ts'
import { hasFixedGateway, type Source } from './source.ts'

/** Rules for a table that others fill. */
export function addRules(inside: Socket, sources: readonly Source[], table: number, undo: Undo): void {
  for (const { cidr } of sources) {
    const rule = { from: cidr.address, table }
    ask(inside, newRule(rule))
    undo(() => ask(inside, removeRule(rule)))
  }
}

/** A table for each address. */
export function moveRoutes(
  inside: Socket,
  link: Link,
  sources: readonly Source[],
  config: SbrConfig,
  undo: Undo,
): void {
  const routes = mainRoutes(inside, link)
  const numbers = freeTables(sources.length, takenIn(inside), isFreeNumber)
  const tables = planTables(sources, numbers, routes, (family) => hasFixedGateway(config, family))
  for (const table of tables) fill(inside, link, table, sources, undo)
  const staying = config.addSourceHints ? routes.filter((route) => !hasGateway(route)) : []
  const gone = leaving(routes, sources).filter((route) => !staying.includes(route))
  // A next hop needs its subnet.
  for (const route of [...gone.filter(hasGateway), ...gone.filter((route) => !hasGateway(route))])
    remove(inside, link, route, undo)
  for (const route of staying) addHint(inside, link, route, sources, undo)
}

function mainRoutes(inside: Socket, link: Link): MainRoute[] {
  const all = savePortRoutes(inside, link).map((saved) => ({ saved, hops: readRoute(saved) }))
  return all.filter(({ hops }) => hops[0]?.table === RT_TABLE_MAIN)
}

function takenIn(inside: Socket): Set<number> {
  const rules = families.flatMap((family) => listRules(inside, family))
  const routes = families.flatMap((family) => listRoutes(inside, family))
  return new Set([...rules, ...routes].map(({ table }) => table))
}

/** The rule comes first: DEL finds the table by it. Until the routes are there, packets go on to table main. */
function fill(inside: Socket, link: Link, plan: Table, sources: readonly Source[], undo: Undo): void {
  const { table, source, copies } = plan
  const rule: SourceRule = { from: source.cidr.address, table }
  undo(() => ask(inside, removeRule(rule)))
  ask(inside, newRule(rule))
  for (const { saved } of [...copies.filter((one) => !hasGateway(one)), ...copies.filter(hasGateway)]) {
    const copy = inTable(saved, RT_TABLE_MAIN, table)
    undo(() => askEach(inside, deleteRoute(link, copy)))
    askEach(inside, restoreRoute(link, copy, link.index), 'EEXIST')
  }
  for (const route of ownRoutes(link, plan, sources)) {
    undo(() => ask(inside, removeRoute(route)))
    ask(inside, newRoute(route))
  }
}

/** The routes of a table that table main does not have. */
function ownRoutes(
  link: Link,
  { source, table, subnet, gateway }: Table,
  sources: readonly Source[],
): RouteSpec[] {
  const by = { table, link: link.index, linkName: link.name }
  const { family } = source.cidr.address
  const toSubnet = subnet && { ...by, dst: subnet, source: family === 4 ? source.cidr.address : undefined }
  const toAll = gateway && { ...by, dst: everything(family), gateway, onlink: isOffLink(gateway, sources) }
  return [toSubnet ?? [], toAll ?? []].flat()
}

function everything(family: 4 | 6): Cidr {
  return { address: { family, value: 0n }, prefix: 0 }
}

function isOffLink(gateway: Address, sources: readonly Source[]): boolean {
  return !sources.some(({ cidr }) => contains(cidr, gateway))
}

function remove(inside: Socket, link: Link, { saved }: MainRoute, undo: Undo): void {
  undo(() => askEach(inside, restoreRoute(link, saved, link.index), 'EEXIST'))
  askEach(inside, deleteRoute(link, saved), 'ESRCH')
}

/** A program that does not choose its source address gets that of the interface by which it reaches the destination. */
function addHint(inside: Socket, link: Link, route: MainRoute, sources: readonly Source[], undo: Undo): void {
  const own = sources.find(({ cidr }) => leadsTo(route, cidr))
  if (!own || route.hops.some(({ source }) => source)) return
  remove(inside, link, route, undo)
  const hinted = restoreWithSource(link, route.saved, own.cidr.address)
  undo(() => askEach(inside, deleteRoute(link, route.saved), 'ESRCH'))
  askEach(inside, hinted)
}

function askEach(inside: Socket, requests: readonly NetlinkRequest[], tolerated?: 'EEXIST' | 'ESRCH'): void {
  for (const request of requests) {
    if (tolerated) tolerate(() => ask(inside, request), tolerated)
    else ask(inside, request)
  }
}
