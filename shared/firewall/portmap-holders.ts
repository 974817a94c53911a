/** Host ports that are taken already: by which attachment, and whether it has ended. */

import { toBytes } from '../ip/address.ts'
import { findElement, listElements } from '../netlink/nftables-read.ts'
import type { Element, NamedSet } from '../netlink/nftables-sets.ts'
import { elementsOf, frameFor, type Placed, portKey } from './portmap-elements.ts'
import { type Frame, portLength } from './portmap-frame.ts'
import type { Mapping, PortRules } from './portmap-rules.ts'
import { netfilter, owner } from './table.ts'

/**
 * Called with a port and the comment of the element that has it. Returns if the element may be removed, or with `stays` if another
 * interface of the container has it. @throws CniError
 */
export type Refuse = (mapping: Mapping, comment: string) => 'stays' | undefined

/**
 * The elements that an addition would hit: of this attachment before, or of others that have ended.
 * @throws what `refuse` throws
 */
export function inTheWay(rules: PortRules, refuse: Refuse): Placed[] {
  const own = frameFor(rules)
  const mine = owner(rules.attachment)
  const ports = rules.mappings.flatMap((mapping) =>
    holdersOf(own, mapping).filter(
      ({ comment = '' }) => comment === mine || refuse(mapping, comment) !== 'stays',
    ),
  )
  const others = elementsOf(rules).filter(
    ({ set }) => set.name !== own.ports.name && set.name !== own.addresses.name,
  )
  return distinct([...ports, ...others.flatMap(({ set, key }) => found(set, key))])
}

/** Rules without the ports that other attachments have and keep. @param stays whether an element with this comment does */
export function withoutHeld(
  rules: PortRules,
  stays: (mapping: Mapping, comment: string) => boolean,
): PortRules {
  const own = frameFor(rules)
  const mine = owner(rules.attachment)
  const isHeld = (mapping: Mapping) =>
    holdersOf(own, mapping).some(({ comment = '' }) => comment !== mine && stays(mapping, comment))
  return { ...rules, mappings: rules.mappings.filter((mapping) => !isHeld(mapping)) }
}

/** Who has a port at the address of a mapping, at all addresses, or at one of all. */
function holdersOf(own: Frame, mapping: Mapping): Placed[] {
  const key = portKey(mapping)
  const whole = found(own.ports, key)
  if (mapping.hostIP)
    return [...whole, ...found(own.addresses, Buffer.concat([toBytes(mapping.hostIP), key]))]
  if (whole.length > 0 || !findElement(netfilter(), own.taken, key)) return whole
  return listElements(netfilter(), own.addresses)
    .filter((element) => element.key.subarray(-portLength).equals(key))
    .map((element) => ({ ...element, set: own.addresses }))
}

function found(set: NamedSet, key: Buffer): Placed[] {
  const element: Element | undefined = findElement(netfilter(), set, key)
  return element ? [{ ...element, set }] : []
}

/** Two mappings may hit the same element. */
function distinct(placed: Placed[]): Placed[] {
  const idOf = ({ set, key }: Placed) => `${set.name} ${key.toString('hex')}`
  return [...new Map(placed.map((one) => [idOf(one), one])).values()]
}
