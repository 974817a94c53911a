/** Which stack a packet goes to on a link: by the neighbour table, or by the question for a neighbour; and whether the frame gets there. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Frame, Landing, Spot } from './frame.ts'
import { lookUp } from './lookup.ts'
import { type Entry, neighbourOf } from './neighbour.ts'
import { hasAddress, shownBy, sysctlIn } from './netns.ts'
import type { Packet } from './packet.ts'
import { type End, inPlace, isEnd, type Trace } from './trace.ts'
import { walkFrom } from './walk.ts'

/** A packet that a stack sends by a link. */
export interface Sending extends Spot {
  packet: Packet
  /** The gateway, or the destination itself. */
  nextHop: Address
  /** The stack itself sends it: then it asks for the neighbour with the packet's source. */
  isOwn: boolean
  /** Of a bridge: the port by which the packet came, when the bridge itself passes it on (br_netfilter). */
  port?: Link
}

export interface Resolved {
  landing: Landing
  /** The neighbour table's; undefined when it has none, or none is needed. */
  entry?: Entry
  hasNeighbours: boolean
}

/** An end that a search in further namespaces would not change. */
type Attempt = Landing | (End & { isCertain?: boolean })

/** Interfaces without Ethernet addresses: IFF_NOARP. */
const NOARP = 0x80

/** First among the namespaces that are open, then among all. */
export function resolve(trace: Trace, sending: Sending): Resolved | End {
  const { netns, link, nextHop } = sending
  const { known } = trace
  const hasNeighbours = (link.flags & NOARP) === 0 && link.mac !== ''
  const entry = hasNeighbours ? neighbourOf(netns, link, nextHop) : undefined
  let end: Attempt | undefined
  for (const reach of ['opened', 'owner', 'far'] as const) {
    // The namespace that has the address is opened, wherever it is.
    if (reach === 'owner' && !known.ownerOf(formatAddress(nextHop))) continue
    const far = reach === 'far'
    const walk = walking(trace, sending, far)
    end = hasNeighbours
      ? toNeighbour(sending, walk, entry, far)
      : pick(sending, withoutNeighbours(sending, walk({})))
    if (!isEnd(end)) return { landing: end, entry, hasNeighbours }
    if (end.isCertain) break
  }
  return end as End
}

type Walking = (frame: Pick<Frame, 'to' | 'isFresh'>) => Landing[]

function walking(
  { known }: Trace,
  { netns, link, packet, nextHop: address, port }: Sending,
  far: boolean,
): Walking {
  return (frame) => walkFrom(known, { netns, link }, { from: link.mac, address, packet, ...frame }, far, port)
}

const isUsable = ({ state, mac }: Entry) => mac !== undefined && state !== 'failed' && state !== 'incomplete'
const isStack = ({ kind }: Landing) => kind === 'stack'
const isSpot = (one: Spot, other: Spot) =>
  one.link.index === other.link.index && one.netns.inode === other.netns.inode

function withoutNeighbours({ netns }: Sending, landings: readonly Landing[]): Landing[] {
  return landings.filter((one) => !isStack(one) || one.netns.inode !== netns.inode)
}

function toNeighbour(sending: Sending, walk: Walking, entry: Entry | undefined, far: boolean): Attempt {
  if (entry && isUsable(entry)) {
    const landings = walk({ to: entry.mac })
    const stacks = landings.filter(isStack)
    return pick(sending, stacks.some(({ block }) => !block) ? stacks : [...stacks, ...landings], entry)
  }
  const asked = walk({})
  const answering = asked.filter((one) => isStack(one) && answers(one, sending))
  const open = answering.find(({ block }) => !block)
  if (!open) return unanswered(sending, asked, answering, entry, far)
  const direct = walk({ to: open.link.mac, isFresh: true }).filter((one) => isSpot(one, open))
  return pick(sending, direct)
}

/** The first landing that nothing blocks; else why the first one is blocked. */
function pick({ netns, link, nextHop }: Sending, landings: readonly Landing[], entry?: Entry): Attempt {
  const open = landings.find(({ block }) => !block)
  if (open) return open
  const [first] = landings
  if (first) return endOf(first)
  const address = formatAddress(nextHop)
  const why = entry?.mac
    ? `${address} is at ${entry.mac} (${entry.state}), which no interface on ${link.name} has`
    : `nothing is behind ${link.name}`
  return { verdict: 'dropped', netns, why, command: seeNeighbour({ netns, link }, nextHop) }
}

function endOf({ block, netns, link }: Landing): Attempt {
  if (!block) return { verdict: 'dropped', netns, why: `${link.name} does not pass it` }
  const { why, command, isUnknown } = block
  return { verdict: isUnknown ? 'unknown' : 'dropped', netns: block.netns, why, command, isCertain: true }
}

/** The neighbour may be outside of this host; else the reason is what blocks the question, or the answer. */
function unanswered(
  sending: Sending,
  asked: readonly Landing[],
  [shut]: readonly Landing[],
  entry: Entry | undefined,
  far: boolean,
): Attempt {
  if (shut) return endOf(shut)
  const { netns, link, nextHop } = sending
  const outside = asked.filter((one) => !isStack(one))
  const open = outside.find(({ block }) => !block)
  const address = formatAddress(nextHop)
  const command = seeNeighbour(sending, nextHop)
  const silent: End = {
    verdict: 'dropped',
    netns,
    command,
    why: `no neighbour on ${link.name} answers for ${address}`,
  }
  if (open) return entry?.state === 'failed' ? silent : open
  const owner = asked.find((one) => isStack(one) && !one.block && owns(one, nextHop))
  if (owner) return refused(sending, owner) ?? silent
  return far && outside[0] ? endOf(outside[0]) : silent
}

export const seeNeighbour = ({ netns, link }: Spot, address: Address) =>
  shownBy(netns, `ip neighbour show ${formatAddress(address)} dev ${link.name}`)

/** The one that has the address does not answer, because of the way back to the asker. */
function refused({ netns, packet, nextHop }: Sending, owner: Landing): End | undefined {
  const found = lookUp(owner.netns, { to: nextHop, from: packet.source, iif: owner.link })
  if (!('refusal' in found)) return undefined
  const { errno } = found.refusal
  const asker = `${formatAddress(packet.source)} of ${inPlace(netns)}`
  const why = `${owner.link.name} does not answer ARP of ${asker}: ${errno === 'EXDEV' ? 'rp_filter' : errno}`
  return { verdict: 'dropped', netns: owner.netns, why, command: found.command }
}

/** Whether a stack has the address, as far as the link by which it is asked matters. */
function owns({ netns, link }: Spot, address: Address): boolean {
  const text = formatAddress(address)
  if (address.family === 6) return hasAddress(netns, text, link.index)
  const ignoring = ['all', link.name].map((one) =>
    Number(sysctlIn(netns, 'ipv4', 'conf', one, 'arp_ignore') ?? 0),
  )
  const most = Math.max(...ignoring)
  return most !== 8 && hasAddress(netns, text, most > 0 ? link.index : undefined)
}

/** Whether a stack answers the question for an address. The kernel looks up the way back to the asker first (arp_process). */
function answers(landing: Landing, { nextHop, packet, isOwn }: Sending): boolean {
  const { netns, link } = landing
  if (!owns(landing, nextHop)) return isProxy(landing, nextHop)
  if (nextHop.family === 6 || !isOwn) return true
  return !('refusal' in lookUp(netns, { to: nextHop, from: packet.source, iif: link }))
}

/** proxy_arp answers for what is routed elsewhere. */
function isProxy({ netns, link }: Spot, address: Address): boolean {
  if (address.family === 6) return false
  const isOn = ['all', link.name].some((one) => sysctlIn(netns, 'ipv4', 'conf', one, 'proxy_arp') === '1')
  if (!isOn) return false
  const found = lookUp(netns, { to: address })
  return !('refusal' in found) && found.type === 'unicast' && found.link !== link.index
}
