/** The members of a bond or a team: interfaces that become one, and are given back as they were. */

import { CniError, Code, type Complaint } from '../cni/error.ts'
import type { Request } from '../cni/plugin.ts'
import { boolean, describe, ifname, list, object, type Shape, withDefault } from '../cni/schema.ts'
import { inNamespace } from '../kernel/namespace.ts'
import { Group, waitFor } from '../netlink/events.ts'
import { changeLink, findLink, type Link, type LinkSettings } from '../netlink/link.ts'
import { ask, type Socket, transact } from '../netlink/socket.ts'
import { broken } from './check.ts'
import type { InterfaceConfig, Life } from './device.ts'
import { mtuOf } from './keys.ts'
import { forgetLent, lentOf, rememberLent } from './lent.ts'
import { type LinkState, restoreState, stateOf } from './link-state.ts'
import { undoable } from './undo.ts'
import { openWiringIfAny, type Wiring } from './wiring.ts'

/** The keys of a plugin with members, in the words of bond-cni. @param own what a member may have of the plugin's own */
export function memberKeys<Own extends Shape>(own: Own) {
  return {
    links: describe(
      list(object({ name: describe(ifname, "The member's name."), ...own })),
      'The members, each an object with a `name`.',
    ),
    linksInContainer: describe(
      withDefault(boolean, false),
      'The members are interfaces of the container, not of the host.',
    ),
    mtu: mtuOf(
      "the interface and of its members, while they are that. Default: the smallest of the members'",
    ),
  }
}

export interface MemberConfig extends InterfaceConfig {
  links: { name: string }[]
  linksInContainer: boolean
  mtu: number
}

/** The rule that goes with them. */
export function someMembers({ links }: Pick<MemberConfig, 'links'>): Complaint | undefined {
  if (links.length === 0) return { msg: 'links is empty: there would be nothing to send by' }
  const names = links.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : { msg: `links names ${twice} twice` }
}

/**
 * Takes the interfaces that shall become members: in the container, and down, as a master wants them.
 * @throws CniError when one is missing, or has a master
 */
export function takeMembers(life: Life<MemberConfig>): Link[] {
  const { host, inside, request, undo } = life
  const { links, linksInContainer } = request.config
  const side = linksInContainer ? inside : host
  const members = links.map(({ name }) => findMember(side, name, linksInContainer))
  undo(() => giveBackMembers(request))
  rememberLent(
    request,
    members.map((link) => stateOf(side, link)),
  )
  transact(
    inside,
    members.map((link) => changeLink(link, { up: false })),
  )
  return members
}

function findMember(side: Socket, name: string, isInside: boolean): Link {
  const link = findLink(side, name)
  if (!link) throw missing(name, isInside)
  if (link.master) throw taken(side, link)
  if (/[1-9a-f]/.test(link.mac)) return link
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `links: ${name} is no Ethernet device`,
    hint: 'name Ethernet interfaces',
    command: `ip link show dev ${name}`,
  })
}

function missing(name: string, isInside: boolean): CniError {
  const where = isInside ? 'the container' : 'the host'
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `links: ${where} has no interface ${JSON.stringify(name)}`,
    hint: isInside ? 'a plugin before this one must have made it' : 'another container may have it',
    command: 'ip link show',
    kernel: 'ENODEV',
  })
}

/** The kernel would take it from its master without a word. */
function taken(side: Socket, { name, master = 0 }: Link): CniError {
  const owner = findLink(side, master)?.name ?? `interface ${master}`
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `links: ${name} belongs to ${owner} already`,
    hint: `free it: ip link set dev ${name} nomaster`,
    command: `ip -d link show dev ${name}`,
    kernel: 'EBUSY',
  })
}

/** The MTU that a master is born with. */
export function mtuAmong(members: Link[], { mtu }: MemberConfig): number {
  return mtu || Math.min(...members.map((link) => link.mtu))
}

/** Makes interfaces members of the container's. Equivalent to `ip link set dev MEMBER master IFNAME`, for each. */
export function joinMembers({ inside, request, undo }: Life<unknown>, members: Link[]): void {
  const master = findLink(inside, request.ifname)?.index
  const all = (settings: LinkSettings) => members.map((link) => changeLink(link, settings))
  undoable(
    undo,
    () => transact(inside, all({ master })),
    () => transact(inside, all({ master: 0 })),
  )
}

/** How long a carrier may take where members have one. */
const CARRIER_MILLISECONDS = 2500

/** Waits for a carrier if a member has one, so that the announcement is heard. One without is no failure: cables are plugged in later. */
export function settleMembers({ inside, container, request }: Life<MemberConfig>, members: Link[]): void {
  const { ifname, log } = request
  const isRunning = ({ name }: Pick<Link, 'name'>) => findLink(inside, name)?.running || undefined
  const look = () => isRunning({ name: ifname })
  const came =
    members.some(isRunning) && inNamespace(container, () => waitFor(Group.LINK, CARRIER_MILLISECONDS, look))
  if (!came) log.warn(`${ifname} has no carrier: see what its members miss: ip -d link show master ${ifname}`)
}

/** Makes the members what they were. What is gone already counts as done. For DEL and the way back of ADD. */
export function giveBackMembers(request: Request): void {
  const inside = openWiringIfAny(request)?.inside
  for (const state of lentOf(request)) {
    const link = inside && findLink(inside, state.name)
    if (link) giveBack(inside, link, state)
  }
  forgetLent(request)
}

/** The master gives a member its MAC address and MTU back itself, but not what else the record knows. */
function giveBack(inside: Socket, link: Link, state: LinkState): void {
  ask(inside, changeLink(link, { master: 0 }))
  restoreState(inside, link, state)
}

/** CHECK: each member belongs to the container's interface still. @returns them, in order @throws CniError */
export function checkMembers({ inside }: Wiring, { ifname, netns, config }: Request<MemberConfig>): Link[] {
  const master = findLink(inside, ifname)
  return config.links.map(({ name }) => {
    const link = findLink(inside, name)
    const show = `nsenter --net=${netns} ip -d link show master ${ifname}`
    if (!link)
      throw broken(`${ifname} has lost its member ${name}: the container has no such interface`, show)
    if (!master || link.master !== master.index)
      throw broken(`${name} is no member of ${ifname} any more`, show)
    return link
  })
}
