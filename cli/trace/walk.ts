/** Follows a frame from the link that sends it to all network stacks that it can come to. */

import { formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { listFloodEntries } from '../../shared/netlink/fdb.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { parseVlan } from '../../shared/netlink/vlan.ts'
import { parseVxlan } from '../../shared/netlink/vxlan.ts'
import { blocked, type Frame, type Landing, type Spot, type Trail, through, type Walk } from './frame.ts'
import { passBridge } from './frame-bridge.ts'
import { ipvlans, leaveIpvlan, leaveMacvlan, macvlans, riseToChildren } from './frame-shared.ts'
import { type Known, parentNetns } from './known.ts'
import { lookUp } from './lookup.ts'
import { remoteOf } from './neighbour.ts'
import { hasAddress, shownBy } from './netns.ts'

/** Longer ways are loops. */
const mostSpots = 64

/**
 * @param far whether namespaces are searched that no earlier step has opened
 * @param port of a bridge that passes on what it has received, although the stack has routed it
 */
export function walkFrom(known: Known, spot: Spot, frame: Frame, far: boolean, port?: Link): Landing[] {
  const walk = newWalk(known, far)
  const trail: Trail = { spots: [], bridged: [] }
  // The host's own question for a neighbour goes by the bridge itself.
  if (port && frame.to !== undefined) passBridge(walk, spot, port, frame, trail, true)
  else walk.leave(spot, frame, trail)
  return walk.landings
}

function newWalk(known: Known, far: boolean): Walk {
  const landings: Landing[] = []
  const seen = new Set<string>()
  const isNew = (what: string, { netns, link }: Spot, { vlan }: Frame, { spots, block }: Trail) => {
    const key = [what, netns.inode, link.index, vlan, block === undefined].join()
    if (seen.has(key) || spots.length > mostSpots) return false
    seen.add(key)
    return true
  }
  const walk: Walk = {
    ...{ landings, far },
    parentOf: ({ netns, link }) => parentIn(known, netns, link, far),
    childrenOf: (spot, ...kinds) => childrenIn(known, spot, kinds),
    leave: (spot, frame, trail) => {
      if (isNew('leave', spot, frame, trail)) leave(walk, known, spot, frame, withLink(trail, spot))
    },
    arrive: (spot, frame, trail) => {
      if (isNew('arrive', spot, frame, trail)) arrive(walk, spot, frame, withLink(trail, spot))
    },
    rise: (spot, frame, trail) => {
      const isTaken = riseToChildren(walk, spot, frame, trail)
      const isOwn = frame.to === undefined || frame.to === spot.link.mac
      if (isOwn && !isTaken) walk.land({ ...spot, ...trail, kind: 'stack', frame })
    },
    land: (landing) => void landings.push(landing),
  }
  return walk
}

function parentIn(known: Known, netns: Spot['netns'], link: Link, far: boolean): Spot | undefined {
  const there = link.parent === undefined ? undefined : parentNetns(netns, link, known, far)
  const parent = there?.links().get(link.parent as number)
  return there && parent && { netns: there, link: parent }
}

function childrenIn(known: Known, { netns, link }: Spot, kinds: readonly string[]): Spot[] {
  return known.opened().flatMap((one) =>
    [...one.links().values()]
      .filter((child) => child.parent === link.index && kinds.includes(child.kind ?? ''))
      .filter((child) => parentNetns(one, child, known, false)?.inode === netns.inode)
      .map((child) => ({ netns: one, link: child })),
  )
}

/** A link that is down passes nothing. */
function withLink(trail: Trail, spot: Spot): Trail {
  const { netns, link } = spot
  const command = shownBy(netns, seeLink(link.name))
  return blocked(
    through(trail, spot),
    link.up ? undefined : { ...spot, why: `${link.name} is down`, command },
  )
}

function arrive(walk: Walk, spot: Spot, frame: Frame, trail: Trail): void {
  const { netns, link } = spot
  const tagged = frame.vlan === undefined ? [] : walk.childrenOf(spot, 'vlan')
  const own = tagged.find(({ link: { data } }) => data && parseVlan(data).id === frame.vlan)
  const { vlan: _, ...untagged } = frame
  const master = link.master === undefined ? undefined : netns.links().get(link.master)
  if (own) walk.arrive(own, untagged, trail)
  else if (master?.kind === 'bridge') passBridge(walk, { netns, link: master }, link, frame, trail)
  else if (isBond(master)) walk.arrive({ netns, link: master }, frame, trail)
  else walk.rise(spot, frame, trail)
}

function isBond(link?: Link): link is Link {
  return link?.kind === 'bond' || link?.kind === 'team'
}

type Leave = (walk: Walk, spot: Spot, frame: Frame, trail: Trail, known: Known) => void

const leaveBond: Leave = (walk, spot, frame, trail) => passBond(walk, spot, frame, trail)
const leaveByParent =
  (pass: (walk: Walk, spot: Spot, parent: Spot, frame: Frame, trail: Trail) => void): Leave =>
  (walk, spot, frame, trail) => {
    const parent = walk.parentOf(spot)
    if (parent) pass(walk, spot, parent, frame, trail)
    else leaveHost(walk, spot, frame, trail, `the parent of ${spot.link.name}`)
  }
const each = (kinds: readonly string[], pass: Leave) => Object.fromEntries(kinds.map((kind) => [kind, pass]))

/** By kind; all others leave this host. */
const leaving: Readonly<Record<string, Leave>> = {
  veth: passPair,
  bridge: (walk, spot, frame, trail) =>
    passBridge(walk, spot, undefined, frame, { ...trail, spots: trail.spots.slice(0, -1) }),
  vxlan: passVxlan,
  dummy: (walk, spot, frame, trail) =>
    walk.land({ ...spot, ...swallowed(trail, spot), kind: 'outside', frame, what: 'nothing' }),
  bond: leaveBond,
  team: leaveBond,
  vlan: leaveByParent((walk, { link }, parent, frame, trail) =>
    walk.leave(parent, { ...frame, vlan: link.data ? parseVlan(link.data).id : undefined }, trail),
  ),
  ...each(macvlans, leaveByParent(leaveMacvlan)),
  ...each(ipvlans, leaveByParent(leaveIpvlan)),
  tun: (walk, spot, frame, trail) => leaveHost(walk, spot, frame, trail, 'the program that has it open'),
}

function leave(walk: Walk, known: Known, spot: Spot, frame: Frame, trail: Trail): void {
  const { kind = '', name } = spot.link
  if (Object.hasOwn(leaving, kind)) leaving[kind]?.(walk, spot, frame, trail, known)
  else leaveHost(walk, spot, frame, trail, `what is behind ${name}`)
}

function leaveHost(walk: Walk, spot: Spot, frame: Frame, trail: Trail, what: string): void {
  walk.land({ ...spot, ...stopped(trail, spot), kind: 'outside', frame, what })
}

/** A link without a carrier: no cable, no program at a tap, a parent that is down. */
function stopped(trail: Trail, spot: Spot): Trail {
  const { netns, link } = spot
  const command = shownBy(netns, seeLink(link.name))
  return blocked(trail, link.carrier ? undefined : { ...spot, why: `${link.name} has no carrier`, command })
}

function swallowed(trail: Trail, spot: Spot): Trail {
  const { netns, link } = spot
  const command = shownBy(netns, seeLink(link.name))
  return blocked(trail, { ...spot, why: `${link.name} is a dummy: it drops what it gets`, command })
}

function passPair(walk: Walk, spot: Spot, frame: Frame, trail: Trail): void {
  const peer = walk.parentOf(spot)
  if (peer) walk.arrive(peer, frame, trail)
  else if (walk.far && !isFlooded(trail, spot))
    walk.land({ ...spot, ...trail, kind: 'outside', frame, what: `the other end of ${spot.link.name}` })
}

/** One of several ports to which a bridge floods: nothing is known of what is behind. */
function isFlooded({ bridged }: Trail, { link }: Spot): boolean {
  return bridged.some(({ to }) => to?.index === link.index)
}

/** The first port that has a carrier: which one is chosen is not followed. */
function passBond(walk: Walk, spot: Spot, frame: Frame, trail: Trail): void {
  const ports = [...spot.netns.links().values()].filter(({ master }) => master === spot.link.index)
  const port = ports.find(({ carrier }) => carrier) ?? ports[0]
  if (port) walk.leave({ netns: spot.netns, link: port }, frame, trail)
  else leaveHost(walk, spot, frame, trail, 'nothing: it has no ports')
}

/** To the VTEPs that the forwarding database names. One on this host goes on; its own packet's way is not followed but for the route. */
function passVxlan(walk: Walk, spot: Spot, frame: Frame, trail: Trail, known: Known): void {
  const { netns, link } = spot
  const { vni, group, dstport } = parseVxlan(link.data ?? Buffer.alloc(0))
  const learnt = frame.to === undefined ? undefined : remoteOf(netns, link, frame.to)
  const flood = [group, ...listFloodEntries(netns.socket, link).map(({ dst }) => dst)]
  const remotes = new Set(learnt ? [formatAddress(learnt)] : flood)
  for (const text of remotes) {
    const remote = text === undefined ? undefined : parseAddress(text)
    if (!remote) continue
    const route = lookUp(netns, { to: remote })
    const why = `there is no route to VTEP ${text}`
    const way = blocked(trail, 'refusal' in route ? { ...spot, why, command: route.command } : undefined)
    const there = vtepsOf(known, text as string, vni, dstport)
    for (const vtep of there) walk.arrive(vtep, frame, way)
    if (there.length === 0)
      walk.land({ ...spot, ...way, kind: 'outside', frame, what: `VTEP ${text}, VNI ${vni}` })
  }
}

function vtepsOf(known: Known, address: string, vni: number, dstport?: number): Spot[] {
  const isVtep = ({ kind, data }: Link) => {
    if (kind !== 'vxlan' || !data) return false
    const own = parseVxlan(data)
    return own.vni === vni && own.dstport === dstport
  }
  return known
    .opened()
    .filter((netns) => hasAddress(netns, address))
    .flatMap((netns) => [...netns.links().values()].filter(isVtep).map((link) => ({ netns, link })))
}
