/** The way of a packet from stack to stack: routes, rules, links; and the same for its answer. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { passHook } from './firewall.ts'
import type { Spot } from './frame.ts'
import { callsIpRules } from './frame-rules.ts'
import { ipvlanOf, ipvlans } from './frame-shared.ts'
import { parentNetns } from './known.ts'
import { lookUp, type Route } from './lookup.ts'
import { hasAddress, type Netns, shownBy } from './netns.ts'
import type { Packet } from './packet.ts'
import { forwardingOff6, refusal } from './refusal.ts'
import type { Sending } from './resolve.ts'
import { type Arrival, send } from './send.ts'
import type { Hook } from './situation.ts'
import { type End, inPlace, isEnd, note, type Trace } from './trace.ts'

/** The end of the way: the packet is taken by a stack, or leaves this host. */
export interface Reached extends Spot {
  kind: 'delivered' | 'left'
  packet: Packet
  /** Of a packet that left: what is there. */
  what?: string
  unanswered?: string
}

/** Longer ways are loops: the packet's hop limit. */
const mostHops = 32

/** A namespace sends the packet by itself. @param packet its source may be unspecified: the route chooses */
export function leaveFrom(trace: Trace, netns: Netns, packet: Packet): Reached | End {
  return follow(trace, output(trace, netns, packet))
}

/** A packet comes from outside to a link. */
export function enterAt(trace: Trace, spot: Spot, packet: Packet): Reached | End {
  return follow(trace, receive(trace, spot, packet))
}

function follow(trace: Trace, first: Arrival | Reached | End): Reached | End {
  let at = first
  for (let hops = 0; hops < mostHops; hops++) {
    if (isEnd(at) || at.kind === 'delivered' || at.kind === 'left') return at as Reached | End
    if (at.kind === 'outside') return { ...at, kind: 'left' }
    at = receive(trace, at, at.packet)
  }
  if (isEnd(at)) return at
  return { verdict: 'dropped', netns: at.netns, why: `the routes are a loop of more than ${mostHops} hops` }
}

type Step = Arrival | Reached | End

function output(trace: Trace, netns: Netns, packet: Packet): Step {
  const isChosen = packet.source.value !== 0n
  const from = isChosen ? packet.source : undefined
  const route = lookUp(netns, { to: packet.destination, from, mark: packet.mark, packet })
  const refused = refusal(netns, packet, route)
  if (refused) return refused
  const first = route as Route
  noteRoute(trace, netns, packet, first)
  const own = { ...packet, source: from ?? first.source ?? packet.destination }
  const link = linkOf(netns, first)
  const passed = passHook(trace, { netns, hook: 'output', oif: link, packet: own })
  if (isEnd(passed)) return passed
  const changed = passed.packet
  const isSame = changed.destination.value === packet.destination.value && changed.mark === packet.mark
  const again = isSame
    ? first
    : lookUp(netns, { to: changed.destination, from: changed.source, mark: changed.mark })
  const lost = refusal(netns, changed, again)
  if (lost) return lost
  const final = again as Route
  if (!isSame) noteRoute(trace, netns, changed, final)
  if (final.type === 'local') return loop(trace, netns, changed)
  return leaveBy(trace, { netns, link: linkOf(netns, final) }, changed, final, { isOwn: true })
}

function linkOf(netns: Netns, { link, type }: Route): Link {
  const lo = [...netns.links().values()].find(({ name }) => name === 'lo')
  const found = type === 'local' ? lo : netns.links().get(link ?? -1)
  return (found ?? lo) as Link
}

/** A packet to the namespace's own address goes by lo. */
function loop(trace: Trace, netns: Netns, packet: Packet): Step {
  const lo = linkOf(netns, { type: 'local', entry: '', command: '' })
  const passed = passHook(trace, { netns, hook: 'postrouting', oif: lo, packet })
  if (isEnd(passed)) return passed
  if (!lo.up)
    return { verdict: 'dropped', netns, why: 'lo is down', command: shownBy(netns, 'ip link show dev lo') }
  return receive(trace, { netns, link: lo }, passed.packet)
}

function leaveBy(
  trace: Trace,
  spot: Spot,
  packet: Packet,
  route: Route,
  more: Pick<Sending, 'isOwn' | 'port'>,
): Step {
  const { netns, link } = spot
  const passed = passHook(trace, { netns, hook: 'postrouting', oif: link, packet })
  if (isEnd(passed)) return passed
  if (ipvlans.includes(link.kind ?? '') && ipvlanOf(link).mode !== 'l2')
    return leaveIpvlan3(trace, spot, passed.packet)
  return send(trace, {
    ...spot,
    ...more,
    packet: passed.packet,
    nextHop: route.gateway ?? packet.destination,
  })
}

/** ipvlan in mode l3: another link on the parent that has the address, or else the parent's namespace sends the packet. */
function leaveIpvlan3(trace: Trace, { netns, link }: Spot, packet: Packet): Step {
  const { known } = trace
  const there = parentNetns(netns, link, known, true)
  if (!there)
    return { verdict: 'unknown', netns, why: `no namespace that can be seen has the parent of ${link.name}` }
  const text = formatAddress(packet.destination)
  trace.links.push({ netns, link })
  for (const one of known.opened()) {
    const other = [...one.links().values()].find(
      ({ index, kind, parent }) =>
        kind === link.kind && parent === link.parent && hasAddress(one, text, index),
    )
    if (!other) continue
    trace.links.push({ netns: one, link: other })
    note(trace, netns, 'frame', `${link.name} → ${other.name} (${one.title})`)
    return receive(trace, { netns: one, link: other }, packet)
  }
  return output(trace, there, packet)
}

function receive(trace: Trace, spot: Spot & Pick<Arrival, 'port'>, packet: Packet): Step {
  const { netns, link } = spot
  const passed = passHook(trace, { netns, hook: 'prerouting', iif: link, packet })
  if (isEnd(passed)) return passed
  const now = passed.packet
  const { destination: to, source: from, mark } = now
  const isLooped = link.name === 'lo'
  const route = lookUp(netns, isLooped ? { to, mark } : { to, from, iif: link, mark, packet: now })
  const refused = refusal(netns, now, route, link)
  if (refused) return refused
  const found = route as Route
  if (found.type === 'local') return deliver(trace, spot, now)
  noteRoute(trace, netns, now, found)
  const isTranslated = now.destination.value !== packet.destination.value
  const port = isTranslated && found.link === link.index && callsIpRules(spot, now) ? spot.port : undefined
  return forward(trace, { ...spot, port }, now, found)
}

function deliver(trace: Trace, { netns, link }: Spot, packet: Packet): Reached | End {
  const passed = passHook(trace, { netns, hook: 'input', iif: link, packet })
  if (isEnd(passed)) return passed
  note(
    trace,
    netns,
    'delivery',
    `${formatAddress(packet.destination)} is an address of ${inPlace(netns)}`,
    shownBy(netns, 'ip address show'),
  )
  return { netns, link, kind: 'delivered', packet: passed.packet }
}

/** @param port of the bridge: br_netfilter lets it pass on what comes back to it after a translation (br_nf_pre_routing_finish) */
function forward(
  trace: Trace,
  { netns, link, port }: Spot & Pick<Arrival, 'port'>,
  packet: Packet,
  route: Route,
): Step {
  const closed = packet.family === 6 ? forwardingOff6(netns, link.name) : undefined
  if (closed) return closed
  const oif = linkOf(netns, route)
  const passed = passHook(trace, { netns, hook: 'forward' as Hook, iif: link, oif, packet })
  if (isEnd(passed)) return passed
  return leaveBy(trace, { netns, link: oif }, passed.packet, route, { isOwn: false, port })
}

function noteRoute(
  trace: Trace,
  netns: Netns,
  packet: Packet,
  { entry, gateway, link, table, command, type }: Route,
): void {
  const name = netns.links().get(link ?? -1)?.name
  const via = gateway ? ` via ${formatAddress(gateway)}` : ''
  const where = table === undefined || table === 254 || type === 'local' ? '' : ` in table ${table}`
  const text = `to ${formatAddress(packet.destination)}: ${type === 'local' ? 'local' : `${entry}${via}`} dev ${name}${where}`
  note(trace, netns, 'route', text, command)
}

/** The link by which packets from an outside address come: that of the route to it. */
export function entranceFor(netns: Netns, source: Address): Spot | undefined {
  const route = lookUp(netns, { to: source })
  if ('refusal' in route || route.link === undefined) return undefined
  const link = netns.links().get(route.link)
  return link && { netns, link }
}
