/** A frame on its way between two network stacks: by veth pairs, bridges, VLANs and other links, of any namespace. */

import type { Address } from '../../shared/ip/address.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Netns } from './netns.ts'
import type { Packet } from './packet.ts'

/** A link in its namespace. */
export interface Spot {
  netns: Netns
  link: Link
}

export interface Frame {
  from: string
  /** The MAC address; undefined: all, as a question for a neighbour. */
  to?: string
  vlan?: number
  /** Its receiver has just answered: what bridges learn is right. */
  isFresh?: boolean
  /** The next hop: ipvlan tells its links apart by it. */
  address: Address
  packet: Packet
}

/** Why a frame does not pass. A walk goes on behind it, to tell what is blocked. */
export interface Block extends Spot {
  why: string
  command: string
  /** It may pass all the same: that depends on what is outside of this host. */
  isUnknown?: true
}

/** A bridge that a frame passes; no port: the bridge's own interface. */
export interface Bridged {
  bridge: Spot
  from?: Link
  to?: Link
  frame: Frame
  /** The bridge passes on what the stack has routed (br_netfilter): rules of IP have seen it. */
  isRouted?: boolean
}

export interface Trail {
  spots: readonly Spot[]
  bridged: readonly Bridged[]
  block?: Block
}

/** Where a frame comes to: a network stack, or what is not on this host. */
export interface Landing extends Trail, Spot {
  kind: 'stack' | 'outside'
  frame: Frame
  /** Of `outside`: what is there. */
  what?: string
}

/** A walk of one frame. The kinds of links go on by its functions. */
export interface Walk {
  landings: Landing[]
  /** Whether namespaces are searched that no earlier step has opened. */
  far: boolean
  /** The namespace of a link's parent or other end. */
  parentOf(spot: Spot): Spot | undefined
  /** The links whose parent is this one, in all namespaces that are open. */
  childrenOf(spot: Spot, ...kinds: string[]): Spot[]
  /** A link sends the frame. */
  leave(spot: Spot, frame: Frame, trail: Trail): void
  /** A link receives the frame. */
  arrive(spot: Spot, frame: Frame, trail: Trail): void
  /** What is on top of a link receives it: macvlans, ipvlans, the network stack. */
  rise(spot: Spot, frame: Frame, trail: Trail): void
  land(landing: Landing): void
}

/** The trail with a block; an earlier one stays. */
export function blocked(trail: Trail, block: Block | undefined): Trail {
  return trail.block || !block ? trail : { ...trail, block }
}

export function through(trail: Trail, spot: Spot): Trail {
  return { ...trail, spots: [...trail.spots, spot] }
}
