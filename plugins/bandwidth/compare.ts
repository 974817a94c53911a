/** Compares a link's qdiscs, class and filters with a shaper. */

import { inWords } from '../../shared/netlink/command.ts'
import type { Which } from '../../shared/netlink/filter.ts'
import { type FoundFilter, filterWords, listFilters } from '../../shared/netlink/filter-list.ts'
import { defaultClassOf, listClasses } from '../../shared/netlink/htb.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { findQdisc } from '../../shared/netlink/qdisc.ts'
import { limitOf as fifoLimitOf } from '../../shared/netlink/queue.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import { parseTbf } from '../../shared/netlink/tbf.ts'
import { Parent, type TcObject, ticksOf } from '../../shared/netlink/traffic-control.ts'
import type { Limit } from './limit.ts'
import type { Subnets } from './rules.ts'
import { type Acceptable, defaultClass, filteredClass, own, shaped } from './shaper.ts'

/** What differs, in words; undefined when nothing does. */
export function faultOfShaper(socket: Socket, link: Link, wanted: Acceptable): string | undefined {
  const root = findQdisc(socket, link, Parent.ROOT)
  const kind = wanted.subnets ? 'htb' : 'tbf'
  if (root?.kind !== kind) return `${link.name} has qdisc ${inWords(root?.kind)}, not ${kind}`
  return wanted.subnets ? faultOfHtb(socket, link, root, wanted) : faultOfTbf(socket, link, root, wanted)
}

function faultOfTbf(socket: Socket, link: Link, root: TcObject, wanted: Acceptable): string | undefined {
  const found = parseTbf(root)
  if (!found) return `${link.name} has a tbf without options`
  return (
    faultOfBucket(link, found, wanted, ({ limit }) => limit === found.limit) ??
    faultOfQueue(socket, link, root.handle + 1, wanted)
  )
}

function faultOfHtb(socket: Socket, link: Link, root: TcObject, wanted: Acceptable): string | undefined {
  const { subnets, which } = wanted
  if (!subnets) return undefined
  const found = listClasses(socket, link).find(({ handle }) => handle === shaped)
  if (!found || root.handle !== own.handle) return `${link.name} has lost its class of htb`
  if (defaultClassOf(root) !== defaultClass(subnets)) return `${link.name} has another default class`
  return (
    faultOfFilters(listFilters(socket, link, own.handle), link, subnets, which) ??
    faultOfBucket(link, found, wanted, () => found.ceil === found.rate) ??
    faultOfQueue(socket, link, shaped, wanted)
  )
}

/** There is a filter for each subnet, and no other: another one could let packets pass. */
function faultOfFilters(
  filters: FoundFilter[],
  { name }: Link,
  subnets: Subnets,
  which: Which,
): string | undefined {
  const texts = (list: string[]) => [...new Set(list)].sort().join(', ')
  const isRight = ({ classid }: FoundFilter) => classid === filteredClass(subnets)
  const has = texts(filters.map((filter) => (isRight(filter) && filter.words) || 'others'))
  const wants = texts(subnets.list.map((subnet) => filterWords({ which, subnet })))
  return has === wants ? undefined : `${name} has filters for ${has || 'no subnet'}, not ${wants}`
}

function faultOfBucket(
  { name }: Link,
  found: { rate: number; buffer: number },
  { limits, limit }: Acceptable,
  hasQueue: (limit: Limit) => boolean,
): string | undefined {
  if (found.rate !== limit.rate)
    return `${name} has rate ${found.rate * 8}, not ${limit.rate * 8} bits per second`
  const withBurst = limits.filter(({ burst, rate }) => isNear(found.buffer, ticksOf(burst, rate)))
  if (withBurst.length === 0) return `${name} has another burst than ${limit.burst} bytes`
  return withBurst.some(hasQueue)
    ? undefined
    : `${name} has another latency than that of ${limit.limit} bytes`
}

/** The kernel rounds what it computes. */
function isNear(found: number, expected: number): boolean {
  return Math.abs(found - expected) <= 2 + expected / 1000
}

/** The queue below the shaper. That of a tbf is the kernel's own bfifo, which it does not tell. */
function faultOfQueue(
  socket: Socket,
  link: Link,
  parent: number,
  { queue, subnets, limits }: Acceptable,
): string | undefined {
  const leaf = findQdisc(socket, link, parent)
  const usual = queue === 'fq_codel' ? 'fq_codel' : 'bfifo'
  const kind = leaf?.kind ?? (subnets ? 'none' : 'bfifo')
  if (kind !== usual) return `${link.name} has the queue ${kind}, not ${usual}`
  const limit = leaf && subnets ? fifoLimitOf(leaf) : undefined
  if (limit === undefined || limits.some((one) => one.limit === limit)) return undefined
  return `${link.name} has a queue of ${limit} bytes, not ${limits[0]?.limit}`
}
