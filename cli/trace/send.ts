/** From one network stack to the next: the link, the neighbour that is meant, and the way of the frame to it. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Landing, Spot } from './frame.ts'
import { passFrameRules } from './frame-rules.ts'
import { shownBy } from './netns.ts'
import type { Packet } from './packet.ts'
import { type Resolved, resolve, type Sending, seeNeighbour } from './resolve.ts'
import { type End, inPlace, isEnd, note, type Trace } from './trace.ts'

/** Where a packet has come to: another stack, or outside of this host. */
export interface Arrival extends Spot {
  kind: Landing['kind']
  packet: Packet
  what?: string
  /** Outside: a next hop that no neighbour has answered for yet. */
  unanswered?: string
  /** The port by which it came into the bridge that is its link. */
  port?: Link
}

export function send(trace: Trace, sending: Sending): Arrival | End {
  const { netns, link, nextHop } = sending
  const see = shownBy(netns, seeLink(link.name))
  if (!link.up) return { verdict: 'dropped', netns, why: `${link.name} is down`, command: see }
  note(trace, netns, 'link', `${link.name} is up${link.carrier ? '' : ' and has no carrier'}`, see)
  const found = resolve(trace, sending)
  if (isEnd(found)) return found
  if (found.hasNeighbours)
    note(trace, netns, 'neighbour', neighbourText(nextHop, link, found), seeNeighbour(sending, nextHop))
  const passed = passFrame(trace, sending, found.landing)
  if (isEnd(passed) || passed.kind === 'stack' || !found.hasNeighbours || found.entry?.mac) return passed
  return { ...passed, unanswered: formatAddress(nextHop) }
}

function neighbourText(address: Address, { name }: Link, { entry, landing }: Resolved): string {
  const { kind, link, netns } = landing
  const text = formatAddress(address)
  if (entry?.mac) return `${text} is at ${entry.mac} on ${name} (${entry.state})`
  if (kind === 'outside') return `${text} is not known on ${name} yet`
  return `${text} is asked for on ${name}: ${link.name} of ${inPlace(netns)} answers`
}

function passFrame(trace: Trace, sending: Sending, landing: Landing): Arrival | End {
  const { netns, link, kind, what, spots, bridged } = landing
  trace.links.push(...spots)
  const names = spots.map(
    (one) => `${one.link.name}${one.netns.inode === sending.netns.inode ? '' : ` (${one.netns.title})`}`,
  )
  note(trace, sending.netns, 'frame', `${names.join(' → ')}${kind === 'outside' ? `, to ${what}` : ''}`)
  const passed = passFrameRules(trace, landing, sending.packet)
  if (isEnd(passed)) return passed
  const last = bridged.at(-1)
  const port = last && last.to === undefined && last.bridge.link.index === link.index ? last.from : undefined
  return { netns, link, kind, packet: passed.packet, what, port }
}
