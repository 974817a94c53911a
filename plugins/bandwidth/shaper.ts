/** The shaper of one direction on a link: tbf, or htb with a class when subnets decide. */

import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { distinct } from '../../shared/ip/subnet.ts'
import { newSubnetFilter, type Which } from '../../shared/netlink/filter.ts'
import { htb, newClass } from '../../shared/netlink/htb.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { hasQdisc, newQdisc, type QdiscKind, removeQdiscIfThere } from '../../shared/netlink/qdisc.ts'
import { bfifo, fqCodel } from '../../shared/netlink/queue.ts'
import { ask, type Request, type Socket, transact } from '../../shared/netlink/socket.ts'
import { tbf } from '../../shared/netlink/tbf.ts'
import { Parent } from '../../shared/netlink/traffic-control.ts'
import type { BandwidthConfig } from './config.ts'
import { type Limit, limitOf, literalLimits } from './limit.ts'
import { explained } from './missing.ts'
import { type Direction, type Subnets, subnetsOf, wishOf } from './rules.ts'

/** The handles of the plugin's own qdiscs: DEL removes the root only if it has this one. */
export const own = { parent: Parent.ROOT, handle: 0xba_0000 } as const
/** The class of htb for what is limited; the leaf of tbf has the same number. */
export const shaped = own.handle | 1
const leaf = { parent: shaped, handle: 0xbb_0000 }

/** A shaper to make, or to compare with. */
export interface Shaper {
  limit: Limit
  queue: BandwidthConfig['queue']
  subnets?: Subnets
  /** Which of a packet's addresses is that of the other side. */
  which: Which
}

/** The shaper of a direction; undefined when it is not limited. @param mtu of the link */
export function shaperOf(config: BandwidthConfig, direction: Direction, mtu: number): Shaper | undefined {
  const wish = wishOf(config, direction)
  return (
    wish && {
      limit: limitOf(wish, config.latency, mtu),
      queue: config.queue,
      subnets: subnetsOf(config),
      which: direction === 'ingress' ? 'src' : 'dst',
    }
  )
}

/** A shaper, and the limits that the kernel may rightly have: with other MTUs, and as the reference makes them. */
export interface Acceptable extends Shaper {
  limits: Limit[]
}

/** What CHECK accepts. @param mtus of the link, now and before, at least one */
export function acceptable(
  config: BandwidthConfig,
  direction: Direction,
  mtus: readonly number[],
): Acceptable | undefined {
  const shapers = mtus.flatMap((mtu) => shaperOf(config, direction, mtu) ?? [])
  const [first] = shapers
  const wish = wishOf(config, direction)
  return (
    first &&
    wish && {
      ...first,
      limits: [...shapers.map(({ limit }) => limit), ...literalLimits(wish, config.latency)],
    }
  )
}

/** The minor number of the class of packets that no filter takes: 0, which does not exist, lets them pass. */
export function defaultClass(subnets: Subnets): number {
  return subnets.isShaped ? 0 : shaped & 0xffff
}

/** The class of packets with an address of the subnets; the qdisc itself lets them pass. */
export function filteredClass(subnets: Subnets): number {
  return subnets.isShaped ? shaped : own.handle
}

/**
 * Puts a shaper on a link. Equivalent to `tc qdisc add dev LINK root tbf …`, or `htb` with a class and filters.
 * @throws CniError when the link has a qdisc already that was made before, or the kernel lacks one
 */
export function shape(socket: Socket, link: Link, shaper: Shaper, undo: Undo): void {
  try {
    undoable(
      undo,
      () => ask(socket, newQdisc(link, own, rootOf(shaper))),
      () => removeQdiscIfThere(socket, link, own),
    )
    const below = belowRoot(link, shaper)
    if (below.length > 0) transact(socket, below)
  } catch (error) {
    const lacking = kindsOf(shaper.queue, shaper.subnets !== undefined).filter(
      (kind) => !hasQdisc(socket, kind),
    )
    throw explained(error, link, lacking.length > 0 ? lacking : ['u32'])
  }
}

function rootOf({ limit, subnets }: Shaper): QdiscKind {
  return subnets ? htb(defaultClass(subnets)) : tbf(limit)
}

function belowRoot(link: Link, { limit, queue, subnets, which }: Shaper): Request[] {
  const inner = queue === 'fq_codel' ? fqCodel : undefined
  if (!subnets) return inner ? [newQdisc(link, leaf, inner)] : []
  const classid = filteredClass(subnets)
  return [
    newClass(link, { parent: own.handle, handle: shaped }, { ...limit, quantum: link.mtu }),
    newQdisc(link, leaf, inner ?? bfifo(limit.limit)),
    ...distinct(subnets.list, (subnet) => subnet).map((subnet) =>
      newSubnetFilter(link, own.handle, { which, subnet, classid }),
    ),
  ]
}

/** The kinds of qdisc that a shaper needs. */
export function kindsOf(queue: BandwidthConfig['queue'], hasSubnets: boolean): string[] {
  return [hasSubnets ? 'htb' : 'tbf', ...(queue === 'fq_codel' ? ['fq_codel'] : [])]
}
