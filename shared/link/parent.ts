/** The parent of a container's interface: a NIC of the host, or an interface that the container has already. */

import type { Sides } from '../attachment/sides.ts'
import { segment } from '../cni/segment.ts'
import { boolean, describe, linkName, optional, withDefault } from '../config/schema.ts'
import { CniError, Code } from '../error/error.ts'
import type { Log } from '../error/log.ts'
import { seeLink } from '../netlink/command.ts'
import { kindFacts } from '../netlink/kinds.ts'
import { findLink, type Link } from '../netlink/link.ts'
import { listRoutes, RT_TABLE_MAIN } from '../netlink/route.ts'
import type { Socket } from '../netlink/socket.ts'
import { ifnameKey } from './keys.ts'

/** The keys of every plugin with a parent, with the reference's names. */
export const parentKeys = {
  master: describe(optional(linkName), 'The parent interface. Default: the interface of the default route.'),
  linkInContainer: describe(
    withDefault(boolean, false),
    'The parent is an interface of the container, not of the host. Without `master`: the one that an earlier plugin of the list has made.',
  ),
  ifname: ifnameKey,
}

export interface ParentConfig {
  master?: string
  linkInContainer?: boolean
}

/**
 * The segment of the containers on a parent of the host; undefined if the parent is in the container.
 * @param driver the same for all kinds whose interfaces reach each other on one parent
 * @param more the keys that separate networks on one parent
 */
export function parentSegment(
  driver: string,
  { master, linkInContainer }: ParentConfig,
  more: Record<string, unknown> = {},
): string | undefined {
  return linkInContainer ? undefined : segment(driver, { master, ...more })
}

/** The socket of the side that the parent is on. */
export function parentSide({ host, inside }: Pick<Sides, 'host' | 'inside'>, config: ParentConfig): Socket {
  return config.linkInContainer ? inside : host
}

/**
 * The parent of a configuration. For a member of a bond, a team or a net_failover set it is the master, which takes all
 * frames that arrive at the member; a log line says so.
 * @throws CniError when the interface does not exist, or none is named and there is no default route
 */
export function findParent(socket: Socket, config: ParentConfig, log: Log): Link {
  const named = namedParent(socket, config)
  if (!named) throw config.master ? noParent(config) : noDefault(config)
  const parent = mastered(socket, named)
  if (parent !== named) log.info(`master ${named.name} belongs to ${parent.name}: attached to ${parent.name}`)
  return parent
}

/** The same, without a word if there is none. */
export function findParentIfAny(socket: Socket, config: ParentConfig): Link | undefined {
  const named = namedParent(socket, config)
  return named && mastered(socket, named)
}

function namedParent(socket: Socket, { master }: ParentConfig): Link | undefined {
  return master ? findLink(socket, master) : (defaultLink(socket, 4) ?? defaultLink(socket, 6))
}

function noParent({ master, linkInContainer }: ParentConfig): CniError {
  const where = linkInContainer ? 'the container' : 'the host'
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `master: ${where} has no interface ${JSON.stringify(master)}: name another`,
    hint: linkInContainer
      ? 'an earlier plugin in the list must make it'
      : 'name an existing interface, or take master out to use the one of the default route',
    see: 'ip link show',
    errno: 'ENODEV',
  })
}

/**
 * Refuses a parent that is down: the kernel cannot set most children up on it, and only says ENETDOWN.
 * @throws CniError that names the parent
 */
export function requireUp({ name, up }: Link): void {
  if (up) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the parent ${name} is down: bring it up`,
    hint: `bring it up: ip link set dev ${name} up`,
    see: seeLink(name),
    errno: 'ENETDOWN',
  })
}

function noDefault({ linkInContainer }: ParentConfig): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `master is not set, and ${linkInContainer ? 'the container' : 'the host'} has no default route: name a master`,
    hint: 'name the parent interface: "master": "eth0"',
    see: 'ip route show default',
  })
}

/** The interface of the default route with the lowest metric, if any. Equivalent to `ip route show default`. */
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

/** The link itself, or the bond, team or net_failover master that takes all frames that arrive at it. */
export function mastered(socket: Socket, link: Link): Link {
  const master = link.master ? findLink(socket, link.master) : undefined
  return master && takesPorts(master) ? mastered(socket, master) : link
}

/** Masters without a kind are net_failover and hv_netvsc, which take all frames too. */
function takesPorts({ kind }: Link): boolean {
  return kind === undefined || kindFacts(kind).takesPorts === true
}
