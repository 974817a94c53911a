/** What two networks want at once: a name, addresses, a bridge, a VNI, a NIC. */

import { formatCidr, lastOf, networkOf, sameCidr } from '../../shared/ip/subnet.ts'
import { type Bounds, formatRange, type Range } from '../../shared/ipam/range.ts'
import type { Facts, Use } from './facts.ts'
import { type Fault, type Finding, findingOf, warning } from './finding.ts'

/** @param all in the order in which runtimes read the files */
export function findingsBetween(all: readonly Facts[]): Finding[] {
  return [
    ...repeatedNames(all),
    ...sharedAddresses(all),
    ...sharedBridges(all),
    ...repeatedVnis(all),
    ...sharedNics(all),
  ]
}

const at = ({ network }: Facts, fault: Fault): Finding => findingOf(network.source, fault)
const named = ({ network: { name, source } }: Facts) => `${name} (${source.file})`

/** Pairs of the first network with a key and each other one with it. */
function withFirst<T>(items: readonly T[], key: (item: T) => string | undefined): [first: T, other: T][] {
  const groups = Map.groupBy(items, key)
  groups.delete(undefined)
  return [...groups.values()].flatMap(([first, ...others]) =>
    others.map((other): [T, T] => [first as T, other]),
  )
}

function repeatedNames(all: readonly Facts[]): Finding[] {
  return withFirst(all, ({ network }) => network.name || undefined).map(([first, other]) =>
    at(other, {
      ...warning(
        `name ${other.network.name} is that of ${first.network.source.file}, too: a runtime that looks for it takes that file, the first in lexical order`,
        'give each network a name of its own: addresses, rules and caches are kept by it',
      ),
      path: 'name',
    }),
  )
}

interface Span {
  facts: Facts
  range: Range
  path: string
}

/** One fault for two networks, however many ranges they have. */
function sharedAddresses(all: readonly Facts[]): Finding[] {
  const spans = all.flatMap((facts) => facts.ranges.map((one) => ({ ...one, facts })))
  const subnets = overlapping(spans, ({ range: { subnet } }) => ({
    start: networkOf(subnet),
    end: lastOf(subnet),
  }))
  const told = new Set<string>()
  return subnets.flatMap(([one, other]) => {
    const key = `${one.facts.network.source.file}\n${other.facts.network.source.file}`
    const fault = told.has(key) ? undefined : addressFault(one, other)
    if (!fault) return []
    told.add(key)
    return [at(other.facts, { ...fault, path: other.path })]
  })
}

/** Networks on segments of their own may have the same addresses, unless the host routes to both. */
function addressFault({ facts, range }: Span, other: Span): Fault | undefined {
  if (facts.network.name === other.facts.network.name) return undefined
  const isOneSegment = facts.segment !== undefined && facts.segment === other.facts.segment
  const isRouted = facts.gateway !== undefined && other.facts.gateway !== undefined
  if (areCommon(range, other.range) && (isOneSegment || isRouted))
    return warning(
      `addresses ${formatRange(other.range)} are those of network ${named(facts)}, too: containers of both can get the same one`,
      'give each network a range of its own, by subnet, or by rangeStart and rangeEnd',
    )
  const areBridges = isRouted && facts.gateway !== '' && other.facts.gateway !== ''
  if (!areBridges || facts.gateway === other.facts.gateway) return undefined
  return warning(
    `subnet ${formatCidr(other.range.subnet)} is also on the bridge of network ${named(facts)}: the host has two routes to it, and one of the bridges gets no packets`,
    'give each bridge a subnet of its own',
  )
}

const areCommon = (one: Bounds, other: Bounds) =>
  one.start.value <= other.end.value && other.start.value <= one.end.value

/** Pairs that overlap: each with the one before it that reaches furthest. */
function overlapping(spans: readonly Span[], boundsOf: (span: Span) => Bounds): [Span, Span][] {
  const found: [Span, Span][] = []
  for (const family of [4, 6] as const) {
    const own = spans.filter(({ range }) => range.start.family === family)
    const sorted = own
      .map((span, order) => ({ span, order, ...boundsOf(span) }))
      .sort(
        (a, b) =>
          Number(a.start.value - b.start.value > 0n) - Number(a.start.value < b.start.value) ||
          a.order - b.order,
      )
    let [last] = sorted
    for (const next of sorted.slice(1)) {
      if (last && next.start.value <= last.end.value && next.span.facts !== last.span.facts)
        found.push(next.order > last.order ? [last.span, next.span] : [next.span, last.span])
      if (!last || next.end.value > last.end.value) last = next
    }
  }
  return found
}

/** A bridge has one address of IPv4, as with the reference: ADD of the second network is refused. */
function sharedBridges(all: readonly Facts[]): Finding[] {
  const bridges = all.filter(
    ({ gateway, replacesAddress, network }) => gateway && !replacesAddress && network.kind !== 'podman',
  )
  return withFirst(bridges, ({ gateway }) => gateway).flatMap(([first, other]) => {
    const [before, now] = [first, other].map(
      ({ ranges }) => ranges.find(({ range }) => range.start.family === 4)?.range,
    )
    if (!before || !now || sameCidr(before.subnet, now.subnet)) return []
    const msg = `bridge ${other.gateway} has an address in ${formatCidr(before.subnet)} by network ${named(first)}, and here one in ${formatCidr(now.subnet)}: the ADD that comes second is refused`
    return [
      at(other, {
        ...warning(msg, 'name another bridge, or write the same subnet'),
        within: other.network.members[0]?.path,
      }),
    ]
  })
}

function repeatedVnis(all: readonly Facts[]): Finding[] {
  return withFirst(all, ({ vni }) => (vni === undefined ? undefined : String(vni.number))).map(
    ([first, other]) =>
      at(other, {
        ...warning(
          `vni ${other.vni?.number} is that of network ${named(first)}, too: their containers are in one Ethernet, on one tunnel of the host`,
          'give each network a VNI of its own, unless that is meant',
        ),
        path: other.vni?.path,
      }),
  )
}

/** The kernel gives the frames of a NIC to one handler (netdev_rx_handler_register). One fault for all networks that use it in the same way. */
function sharedNics(all: readonly Facts[]): Finding[] {
  const uses = all.flatMap((facts) => facts.uses.map((use) => ({ ...use, facts })))
  const pairs = withFirst(uses, ({ nic }) => nic).filter(([one, other]) => one.facts !== other.facts)
  const alike = Map.groupBy(pairs, ([one, other]) => `${other.nic} ${clash(one, other)}`)
  return [...alike.values()].flatMap(([first, ...more]) => {
    const [one, other] = first ?? []
    const why = one && other && clash(one, other)
    if (!why) return []
    const nic = other.nic || 'the NIC of the default route'
    const others = more.length > 0 ? `; so do ${more.length} more networks` : ''
    const fault = warning(
      `${nic} is used by network ${named(one.facts)}, too: ${why}${others}`,
      'use another NIC, or attach no container to the one while the other has some',
    )
    return [at(other.facts, { ...fault, path: other.path })]
  })
}

function clash(one: Use, other: Use): string | undefined {
  if (one.by !== other.by) return `${one.by} and ${other.by} cannot have it at once`
  if (one.by === 'host-device' || one.by === 'bond' || one.by === 'team')
    return 'one container has it at a time'
  if (one.by === 'macsec' || one.mode === other.mode) return undefined
  return one.by === 'bridge'
    ? `it cannot be a port of both ${one.mode} and ${other.mode}`
    : `${one.by} has one mode on a NIC, and here are ${one.mode ?? 'others'} and ${other.mode ?? 'others'}`
}
