/** From one network stack to the next: the link, the neighbour that is meant, and the way of the frame to it. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { passBridgeHook, passHook } from './firewall.ts'
import type { Bridged, Frame, Landing, Spot } from './frame.ts'
import { lookUp } from './lookup.ts'
import { type Entry, neighbourOf } from './neighbour.ts'
import { hasAddress, shownBy, sysctlIn } from './netns.ts'
import type { Packet } from './packet.ts'
import { type End, inPlace, isEnd, note, type Trace } from './trace.ts'
import { walkFrom } from './walk.ts'

/** Where a packet has come to: another stack, or outside of this host. */
export interface Arrival extends Spot {
  kind: Landing['kind']
  packet: Packet
  what?: string
}

/** Interfaces without Ethernet addresses: IFF_NOARP. */
const NOARP = 0x80

/** @param nextHop the gateway, or the destination itself */
export function send(
  trace: Trace,
  spot: Spot,
  packet: Packet,
  nextHop: Address,
  isOwn: boolean,
): Arrival | End {
  const { netns, link } = spot
  const see = shownBy(netns, seeLink(link.name))
  if (!link.up) return { verdict: 'dropped', netns, why: `${link.name} is down`, command: see }
  note(trace, netns, 'link', `${link.name} is up${link.carrier ? '' : ' and has no carrier'}`, see)
  const hasNeighbours = (link.flags & NOARP) === 0 && link.mac !== ''
  const entry = hasNeighbours ? neighbourOf(netns, link, nextHop) : undefined
  const found = landingOf(trace, spot, packet, nextHop, { entry, hasNeighbours, isOwn })
  if (isEnd(found)) return found
  if (hasNeighbours)
    note(trace, netns, 'neighbour', neighbourText(nextHop, link, entry, found), seeNeighbour(spot, nextHop))
  return passFrame(trace, spot, found, packet)
}

interface Asked {
  entry?: Entry
  hasNeighbours: boolean
  /** The namespace itself sends the packet: it asks for the neighbour with the packet's source. */
  isOwn: boolean
}

const seeNeighbour = ({ netns, link }: Spot, address: Address) =>
  shownBy(netns, `ip neighbour show ${formatAddress(address)} dev ${link.name}`)

function neighbourText(
  address: Address,
  { name }: Link,
  entry: Entry | undefined,
  { kind, link, netns }: Landing,
): string {
  const text = formatAddress(address)
  if (entry?.mac) return `${text} is at ${entry.mac} on ${name} (${entry.state})`
  if (kind === 'outside') return `${text} is not known on ${name} yet`
  return `${text} is asked for on ${name}: ${link.name} of ${inPlace(netns)} answers`
}

/** First among the namespaces that are open, then among all. */
function landingOf(trace: Trace, spot: Spot, packet: Packet, nextHop: Address, asked: Asked): Landing | End {
  let end: (End & { isCertain?: boolean }) | undefined
  for (const far of [false, true]) {
    const found = landingIn(trace, spot, packet, nextHop, asked, far)
    if (!isEnd(found)) return found
    end = found
    if (end.isCertain) return end
  }
  return end as End
}

const isUsable = ({ state, mac }: Entry) => mac !== undefined && state !== 'failed' && state !== 'incomplete'

function landingIn(
  trace: Trace,
  spot: Spot,
  packet: Packet,
  nextHop: Address,
  asked: Asked,
  far: boolean,
): Landing | (End & { isCertain?: boolean }) {
  const { netns, link } = spot
  const { entry, hasNeighbours, isOwn } = asked
  const to = entry && isUsable(entry) ? entry.mac : undefined
  const landings = walkFrom(trace.known, spot, { from: link.mac, to, address: nextHop, packet }, far)
  const fits = (landing: Landing) => {
    if (landing.kind === 'outside') return false
    if (!hasNeighbours) return landing.netns.inode !== netns.inode
    return to !== undefined || answers(landing, nextHop, isOwn ? packet : undefined)
  }
  const matching = landings.filter(fits)
  const open = matching.find(({ block }) => !block)
  if (open) return open
  const outside = landings.filter(({ kind }) => kind === 'outside')
  const isOutside = outside.find(({ block }) => !block)
  const shut =
    matching[0]?.block ??
    (isOutside ? undefined : (refusing(landings, spot, packet, nextHop, isOwn) ?? outside[0]?.block))
  if (shut && (matching[0] || far)) {
    const { why, command } = shut
    return {
      verdict: shut.isUnknown ? 'unknown' : 'dropped',
      netns: shut.netns,
      why,
      command,
      isCertain: true,
    }
  }
  const gateway = formatAddress(nextHop)
  const command = seeNeighbour(spot, nextHop)
  if (isOutside && (to || entry?.state !== 'failed')) return isOutside
  if (to)
    return {
      verdict: 'dropped',
      netns,
      command,
      why: `${gateway} is at ${to} (${entry?.state}), which no interface on ${link.name} has`,
    }
  return { verdict: 'dropped', netns, command, why: `no neighbour on ${link.name} answers for ${gateway}` }
}

/** Why the one that has the address does not answer a question for it. */
function refusing(
  landings: readonly Landing[],
  spot: Spot,
  packet: Packet,
  address: Address,
  isOwn: boolean,
) {
  const owner = landings.find((one) => one.kind === 'stack' && !one.block && ownsFor(one, address))
  if (!owner || !isOwn || address.family === 6)
    return landings.find(
      ({ block, kind, netns, link }) => kind === 'stack' && block && ownsFor({ netns, link }, address),
    )?.block
  const found = lookUp(owner.netns, { to: address, from: packet.source, iif: owner.link })
  if (!('refusal' in found)) return undefined
  const asker = `${formatAddress(packet.source)} of ${inPlace(spot.netns)}`
  const why = `${owner.link.name} does not answer ARP of ${asker}: ${found.refusal.errno === 'EXDEV' ? 'rp_filter' : found.refusal.errno}`
  return { ...owner, why, command: found.command }
}

/** Whether a stack has the address, as far as the link by which it is asked matters. */
function ownsFor({ netns, link }: Spot, address: Address): boolean {
  const text = formatAddress(address)
  if (address.family === 6) return hasAddress(netns, text, link.index)
  const ignore = Math.max(
    ...['all', link.name].map((one) => Number(sysctlIn(netns, 'ipv4', 'conf', one, 'arp_ignore') ?? 0)),
  )
  return ignore === 8 ? false : hasAddress(netns, text, ignore > 0 ? link.index : undefined)
}

/** Whether a stack answers the question for an address. The kernel looks up the way back to the asker first (arp_process). */
function answers(landing: Landing, address: Address, packet?: Packet): boolean {
  const { netns, link } = landing
  if (!ownsFor(landing, address)) return isProxy(landing, address)
  if (address.family === 6 || !packet) return true
  return !('refusal' in lookUp(netns, { to: address, from: packet.source, iif: link }))
}

/** proxy_arp answers for what is routed elsewhere. */
function isProxy({ netns, link }: Spot, address: Address): boolean {
  if (address.family === 6) return false
  const isOn = ['all', link.name].some((one) => sysctlIn(netns, 'ipv4', 'conf', one, 'proxy_arp') === '1')
  if (!isOn) return false
  const found = lookUp(netns, { to: address })
  return !('refusal' in found) && found.type === 'unicast' && found.link !== link.index
}

/** The frame's way: bridges with their rules, and the links' names for the verdict. */
function passFrame(trace: Trace, spot: Spot, landing: Landing, packet: Packet): Arrival | End {
  const { netns, link, kind, what, bridged, spots, frame } = landing
  trace.links.push(...spots.map(({ link: { name } }) => name))
  const names = spots.map(
    (one) => `${one.link.name}${one.netns.inode === spot.netns.inode ? '' : ` (${one.netns.title})`}`,
  )
  const end = kind === 'outside' ? `, to ${what}` : ''
  note(trace, spot.netns, 'frame', `${names.join(' → ')}${end}`)
  for (const one of bridged) {
    const stopped = passRules(trace, one, frame, packet) ?? atDevices(trace, spots)
    if (stopped) return stopped
  }
  return atDevices(trace, spots) ?? { netns, link, kind, packet, what }
}

/** Chains of the family netdev, and of inet at ingress, are at devices and are not evaluated. */
function atDevices({ rulesets }: Trace, spots: readonly Spot[]): End | undefined {
  const at = spots.find(({ netns, link }) => rulesets.get(netns.inode)?.atDevices.has(link.name))
  if (!at) return undefined
  const why = `nftables has a chain at ${at.link.name} itself, which is not read`
  return { verdict: 'unknown', netns: at.netns, why, command: shownBy(at.netns, 'nft list ruleset netdev') }
}

/** Rules of the family bridge; and those of IP where br_netfilter sends bridged packets through them. */
function passRules(
  trace: Trace,
  { bridge, from, to, frame }: Bridged,
  { to: mac }: Frame,
  packet: Packet,
): End | undefined {
  const { netns, link } = bridge
  const macs = { from: frame.from, to: mac }
  const iif = from ?? link
  const middle = from && to ? 'forward' : from ? 'input' : 'output'
  const hooks = from ? (['prerouting', middle] as const) : ([middle] as const)
  for (const hook of [...hooks, ...(to ? (['postrouting'] as const) : [])]) {
    const sides =
      hook === 'prerouting' || hook === 'input'
        ? { iif }
        : hook === 'forward'
          ? { iif, oif: to }
          : { oif: to ?? link }
    const stopped = passBridgeHook(trace, { netns, hook, ...sides, ...macs, packet })
    if (stopped) return stopped
  }
  return from && to ? passIpRules(trace, bridge, packet) : undefined
}

function passIpRules(trace: Trace, { netns, link }: Spot, packet: Packet): End | undefined {
  const name = packet.family === 4 ? 'bridge-nf-call-iptables' : 'bridge-nf-call-ip6tables'
  if (sysctlIn(netns, 'bridge', name) !== '1') return undefined
  note(
    trace,
    netns,
    'firewall',
    `${name} is 1: rules for IP see what ${link.name} passes`,
    shownBy(netns, `sysctl net.bridge.${name}`),
  )
  let now = packet
  for (const hook of ['prerouting', 'forward', 'postrouting'] as const) {
    const sides = {
      ...(hook !== 'postrouting' && { iif: link }),
      ...(hook !== 'prerouting' && { oif: link }),
    }
    const passed = passHook(trace, { netns, hook, ...sides, packet: now })
    if (isEnd(passed)) return passed
    now = passed.packet
  }
  return undefined
}
