/** A frame in a bridge: forwarding database, flooding, isolation, VLANs, states of ports. */

import { attributeIn } from '../../shared/netlink/attributes.ts'
import { listPortVlans, type PortVlan, parseBridge, parseBridgePort } from '../../shared/netlink/bridge.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { type Block, blocked, type Frame, type Spot, type Trail, through, type Walk } from './frame.ts'
import { bridgePortOf } from './neighbour.ts'
import { shownBy } from './netns.ts'

/** IFLA_BRPORT_STATE, IFLA_BRPORT_UNICAST_FLOOD, IFLA_BRPORT_BCAST_FLOOD; BR_STATE_FORWARDING. */
const [STATE, UNICAST_FLOOD, BROADCAST_FLOOD, FORWARDING] = [1, 9, 30, 3]

/**
 * @param from the port by which it came; undefined: the host sends by the bridge
 * @param isRouted whether the stack has routed it, as br_netfilter does
 */
export function passBridge(
  walk: Walk,
  bridge: Spot,
  from: Link | undefined,
  frame: Frame,
  trail: Trail,
  isRouted = false,
): void {
  const { netns, link } = bridge
  const isFiltering = link.data !== undefined && parseBridge(link.data).vlanFiltering
  const entrance = vlanAt(bridge, from ?? link, isFiltering)
  const vlan = isFiltering ? (frame.vlan ?? entrance.pvid) : undefined
  const inside = through(trail, bridge)
  const entered = blocked(inside, entryBlock(bridge, from, vlan, isFiltering, entrance))
  const entry = frame.to === undefined ? undefined : bridgePortOf(netns, link, frame.to, vlan)
  const known = entry && (entry.isSticky || !frame.isFresh) ? entry.port : undefined
  const out = ({ isUntagged }: PortVlans): Frame =>
    isFiltering ? { ...frame, vlan: isUntagged(vlan) ? undefined : vlan } : frame
  const step = (to?: Link) => ({
    ...entered,
    bridged: [...entered.bridged, { bridge, from, to, frame, isRouted }],
  })
  const isOwn = frame.to === undefined || frame.to === link.mac || known === link.index
  if (from && isOwn && !isRouted) {
    const down = link.up ? undefined : blockAt(bridge, link, `${link.name} is down`)
    const own = vlanAt(bridge, link, isFiltering)
    const foreign = own.has(vlan) ? undefined : noVlan(bridge, link, vlan)
    walk.rise(bridge, out(own), blocked(step(), down ?? foreign))
  }
  if (from && frame.to === link.mac) return
  for (const port of portsOf(bridge, known)) {
    const why = exitBlock(bridge, from, port, frame, known)
    const own = vlanAt(bridge, port, isFiltering)
    const foreign = own.has(vlan) ? undefined : noVlan(bridge, port, vlan)
    walk.leave({ netns, link: port }, out(own), blocked(step(port), why ?? foreign))
  }
}

/** The port that the forwarding database names comes first. */
function portsOf({ netns, link }: Spot, known: number | undefined): Link[] {
  const ports = [...netns.links().values()].filter(({ master }) => master === link.index)
  return ports.sort((one, other) => Number(other.index === known) - Number(one.index === known))
}

function blockAt({ netns }: Spot, link: Link, why: string): Block {
  return { netns, link, why, command: shownBy(netns, seeLink(link.name)) }
}

function noVlan({ netns }: Spot, port: Link, vlan?: number): Block {
  const command = shownBy(netns, `bridge vlan show dev ${port.name}`)
  return { netns, link: port, why: `port ${port.name} does not have VLAN ${vlan}`, command }
}

function entryBlock(
  bridge: Spot,
  from: Link | undefined,
  vlan: number | undefined,
  isFiltering: boolean,
  { has }: PortVlans,
): Block | undefined {
  const port = from ?? bridge.link
  if (!bridge.link.up) return blockAt(bridge, bridge.link, `${bridge.link.name} is down`)
  if (from && !from.up) return blockAt(bridge, from, `${from.name} is down`)
  if (from && !isForwarding(from))
    return blockAt(bridge, from, `port ${from.name} does not forward (state of STP)`)
  if (isFiltering && (vlan === undefined || !has(vlan))) return noVlan(bridge, port, vlan)
  return undefined
}

function exitBlock(
  bridge: Spot,
  from: Link | undefined,
  port: Link,
  { to }: Frame,
  known: number | undefined,
): Block | undefined {
  const isIsolated = (link: Link) => link.portData !== undefined && parseBridgePort(link.portData).isolated
  if (from && isIsolated(from) && isIsolated(port) && port.index !== from.index)
    return blockAt(bridge, port, `ports ${from.name} and ${port.name} of ${bridge.link.name} are isolated`)
  if (port.index === from?.index && !isHairpin(port))
    return blockAt(bridge, port, `port ${port.name} of ${bridge.link.name} sends nothing back (hairpin off)`)
  if (!port.up) return blockAt(bridge, port, `${port.name} is down`)
  if (!isForwarding(port)) return blockAt(bridge, port, `port ${port.name} does not forward (state of STP)`)
  if (known !== undefined && known !== port.index) {
    const named = bridge.netns.links().get(known)?.name ?? `interface ${known}`
    const why = `the forwarding database of ${bridge.link.name} has ${to} at ${named}, not at ${port.name}`
    return { ...bridge, why, command: shownBy(bridge.netns, `bridge fdb get ${to} br ${bridge.link.name}`) }
  }
  const floods =
    port.portData && attributeIn(port.portData, to === undefined ? BROADCAST_FLOOD : UNICAST_FLOOD)
  if (known === undefined && floods?.[0] === 0)
    return blockAt(bridge, port, `port ${port.name} gets no frames to unknown addresses (flood off)`)
  return undefined
}

function isForwarding({ portData }: Link): boolean {
  const state = portData && attributeIn(portData, STATE)
  return state === undefined || state[0] === FORWARDING
}

function isHairpin({ portData }: Link): boolean {
  return portData !== undefined && parseBridgePort(portData).hairpin
}

interface PortVlans {
  pvid?: number
  has(vlan?: number): boolean
  isUntagged(vlan?: number): boolean
}

const anyVlan: PortVlans = { has: () => true, isUntagged: () => true }

/** Asked for at each port once in a walk: a bridge with filtering only. */
function vlanAt({ netns }: Spot, port: Link, isFiltering: boolean): PortVlans {
  if (!isFiltering) return anyVlan
  const vlans = listPortVlans(netns.socket, port)
  const of = (vlan?: number): PortVlan | undefined =>
    vlans.find(({ first, last }) => vlan !== undefined && first <= vlan && vlan <= last)
  return {
    pvid: vlans.find(({ pvid }) => pvid)?.first,
    has: (vlan) => of(vlan) !== undefined,
    isUntagged: (vlan) => of(vlan)?.untagged ?? false,
  }
}
