/** A frame of a link that shares its parent with others: macvlan, macvtap, ipvlan in mode l2. */

import { formatAddress } from '../../shared/ip/address.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { parseIpvlan } from '../../shared/netlink/ipvlan.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { parseMacvlan } from '../../shared/netlink/macvlan.ts'
import { type Block, blocked, type Frame, type Spot, type Trail, through, type Walk } from './frame.ts'
import { hasAddress, shownBy } from './netns.ts'

export const macvlans = ['macvlan', 'macvtap']
export const ipvlans = ['ipvlan', 'ipvtap']

export function macvlanMode({ data }: Link): string {
  return (data && parseMacvlan(data).mode) ?? 'vepa'
}

/** Links in mode bridge reach each other; no link reaches the stack of its parent's namespace; all reach what is behind the parent. */
export function leaveMacvlan(walk: Walk, child: Spot, parent: Spot, frame: Frame, trail: Trail): void {
  const mode = macvlanMode(child.link)
  for (const other of siblings(walk, child, parent, macvlans)) {
    const isBridge = mode === 'bridge' && macvlanMode(other.link) === 'bridge'
    const fits = frame.to === undefined || frame.to === other.link.mac
    const block = isBridge ? undefined : apart(isBridge || mode !== 'bridge' ? child : other, parent)
    if (fits) walk.arrive(other, frame, blocked(trail, block))
  }
  leaveParent(walk, child, parent, frame, trail)
}

function siblings(walk: Walk, child: Spot, parent: Spot, kinds: string[]): Spot[] {
  const isOther = ({ netns, link }: Spot) =>
    netns.inode !== child.netns.inode || link.index !== child.link.index
  return walk.childrenOf(parent, ...kinds).filter(isOther)
}

/** Why links on one parent do not reach each other. */
function apart({ netns, link }: Spot, parent: Spot): Block {
  const mode = macvlans.includes(link.kind ?? '') ? macvlanMode(link) : ipvlanOf(link).flag
  const command = shownBy(netns, seeLink(link.name))
  if (mode === 'vepa')
    return {
      ...{ netns, link, command, isUnknown: true },
      why: `${link.name} is in mode vepa: a switch behind ${parent.link.name} must send the frame back`,
    }
  return {
    ...{ netns, link, command },
    why: `${link.kind} ${link.name} is in mode ${mode}: it does not reach the others on ${parent.link.name}`,
  }
}

function leaveParent(walk: Walk, child: Spot, parent: Spot, frame: Frame, trail: Trail): void {
  const own = { ...child, command: shownBy(child.netns, seeLink(child.link.name)) }
  const why = `${child.link.kind} ${child.link.name} does not reach the host's own addresses on its parent ${parent.link.name}`
  walk.land({ ...parent, ...blocked(through(trail, parent), { ...own, why }), kind: 'stack', frame })
  walk.leave(parent, frame, trail)
}

export function ipvlanOf({ data }: Link) {
  const { mode = 'l3', flag = 'bridge' } = data ? parseIpvlan(data) : {}
  return { mode, flag }
}

/** All have their parent's MAC address: the address of the next hop says which one is meant. */
export function leaveIpvlan(walk: Walk, child: Spot, parent: Spot, frame: Frame, trail: Trail): void {
  const { flag } = ipvlanOf(child.link)
  for (const other of siblings(walk, child, parent, ipvlans)) {
    if (!hasAddress(other.netns, formatAddress(frame.address), other.link.index)) continue
    walk.arrive(other, frame, blocked(trail, flag === 'bridge' ? undefined : apart(child, parent)))
  }
  leaveParent(walk, child, parent, frame, trail)
}

/** A frame that the parent receives goes to the links on it, before the parent's own stack. @returns whether the stack gets none */
export function riseToChildren(walk: Walk, parent: Spot, frame: Frame, trail: Trail): boolean {
  let isTaken = false
  for (const child of walk.childrenOf(parent, ...macvlans)) {
    const { mode, sourceMacs = [] } = child.link.data ? parseMacvlan(child.link.data) : {}
    const isForAll = mode === 'passthru'
    if (frame.to !== undefined && frame.to !== child.link.mac && !isForAll) continue
    isTaken ||= isForAll || frame.to !== undefined
    const command = shownBy(child.netns, seeLink(child.link.name))
    const why = `macvlan ${child.link.name} is in mode source, without ${frame.from}`
    const refuses = mode === 'source' && !sourceMacs.includes(frame.from)
    walk.arrive(child, frame, blocked(trail, refuses ? { ...child, why, command } : undefined))
  }
  for (const child of walk.childrenOf(parent, ...ipvlans)) {
    if (!hasAddress(child.netns, formatAddress(frame.address), child.link.index)) continue
    isTaken = true
    walk.arrive(child, frame, trail)
  }
  return isTaken
}
