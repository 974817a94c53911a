/** The parent: what a container's interface sits on, a NIC of the host or a device that the container has already. */

import type { Sides } from '../attachment/sides.ts'
import { CniError, Code } from '../cni/error.ts'
import type { Log } from '../cni/log.ts'
import { boolean, describe, ifname, optional, withDefault } from '../cni/schema.ts'
import { segment } from '../cni/segment.ts'
import { seeLink } from '../netlink/command.ts'
import { kindFacts } from '../netlink/kinds.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { listRoutes, RT_TABLE_MAIN } from '../netlink/route.ts'
import type { Socket } from '../netlink/socket.ts'

/** The keys of every plugin with a parent, in the reference's words. */
export const parentKeys = {
  master: describe(
    optional(ifname),
    'The parent: the interface to sit on. Default: the one that the default route leaves by.',
  ),
  linkInContainer: describe(
    withDefault(boolean, false),
    'The parent is an interface of the container, not of the host.',
  ),
}

export interface ParentConfig {
  master?: string
  linkInContainer?: boolean
}

/**
 * The segment of the containers that sit on a parent of the host; unknown where the parent is the container's own.
 * @param driver the same for all kinds whose interfaces reach each other on one parent
 * @param more what else tells networks on one parent apart
 */
export function parentSegment(
  driver: string,
  { master, linkInContainer }: ParentConfig,
  more: Record<string, unknown> = {},
): string | undefined {
  return linkInContainer ? undefined : segment(driver, { master, ...more })
}

/** The side of an attachment that its parent is on. */
export function parentSide({ host, inside }: Pick<Sides, 'host' | 'inside'>, config: ParentConfig): Socket {
  return config.linkInContainer ? inside : host
}

/**
 * The parent of a configuration. A member of a bond, a team or a net_failover set stands for its master, because what
 * arrives at the member is taken by the master; a log line says so.
 * @throws CniError when there is no such interface, or none is named and no default route tells
 */
export function findParent(socket: Socket, config: ParentConfig, log: Log): Link {
  const named = config.master ? findNamed(socket, config) : defaultParent(socket, config)
  const parent = mastered(socket, named)
  if (parent !== named) log.info(`master ${named.name} belongs to ${parent.name}: attached to ${parent.name}`)
  return parent
}

function findNamed(socket: Socket, { master = '', linkInContainer }: ParentConfig): Link {
  const link = findLink(socket, master)
  if (link) return link
  const where = linkInContainer ? 'the container' : 'the host'
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `master: ${where} has no interface ${JSON.stringify(master)}: name another`,
    hint: linkInContainer
      ? 'the plugin before this one must have made it'
      : 'name one that there is, or take master out: then it is the one with the default route',
    see: 'ip link show',
    errno: 'ENODEV',
  })
}

/**
 * Refuses a parent that is down: most children cannot be brought up on it, and the kernel only says ENETDOWN.
 * @throws CniError that names the parent
 */
export function requireUp({ name, up }: Link): void {
  if (up) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `nothing can be up on ${name}, which is down: bring it up`,
    hint: `bring it up: ip link set dev ${name} up`,
    see: seeLink(name),
    errno: 'ENETDOWN',
  })
}

function defaultParent(socket: Socket, { linkInContainer }: ParentConfig): Link {
  const link = defaultLink(socket, 4) ?? defaultLink(socket, 6)
  if (link) return link
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `master is not set, and ${linkInContainer ? 'the container' : 'the host'} has no default route that would tell: name a master`,
    hint: 'name the interface to sit on: "master": "eth0"',
    see: 'ip route show default',
  })
}

/** Where the default route of the lowest metric leaves, if there is one. Equivalent to `ip route show default`. */
export function defaultLink(socket: Socket, family: 4 | 6): Link | undefined {
  const [route] = listRoutes(socket, family)
    .filter(({ dst, link, table }) => dst.prefix === 0 && link && table === RT_TABLE_MAIN)
    .sort((one, other) => (one.priority ?? 0) - (other.priority ?? 0))
  return route?.link ? findLink(socket, route.link) : undefined
}

/** Whether a link sits on a parent. @param across the parent is in another namespace */
export function sitsOn(link: Link, parent: Link, across: boolean): boolean {
  const [{ sharesParent, parentDriver: driver }, between] = [kindFacts(link.kind), kindFacts(parent.kind)]
  const passedOn = sharesParent && driver === between.parentDriver
  const [index, namespace] = passedOn ? [parent.parent, parent.parentNamespace] : [parent.index, undefined]
  return link.parent === index && (across ? isAcross(link) : link.parentNamespace === namespace)
}

/** Whether a link's parent may be in another namespace. */
export function isAcross({ kind, parentNamespace }: Link): boolean {
  return parentNamespace !== undefined || kindFacts(kind).hidesParentNamespace === true
}

/** The link itself, or the bond, team or net_failover master that takes what arrives at it. */
export function mastered(socket: Socket, link: Link): Link {
  const master = link.master ? findLink(socket, link.master) : undefined
  return master && takesPorts(master) ? mastered(socket, master) : link
}

/** net_failover and hv_netvsc have no kind: as masters they take what arrives, too. */
function takesPorts({ kind }: Link): boolean {
  return kind === undefined || kindFacts(kind).takesPorts === true
}
