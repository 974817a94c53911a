/** The elements of host ports, and the requests that add and delete them. */

import { hostIfname } from '../cni/identity.ts'
import { toBytes } from '../ip/address.ts'
import { findElements } from '../netlink/nftables-read.ts'
import { addElements, type Element, type NamedSet } from '../netlink/nftables-sets.ts'
import { concatenate, ifnameBytes, protocolBytes, serviceBytes } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import { counterOf, type Frame, frameOf } from './portmap-frame.ts'
import type { Mapping, PortRules } from './portmap-rules.ts'
import { chunks, deletion, netfilter, owner } from './table.ts'

/** An element and its set. */
export interface Placed extends Element {
  set: NamedSet
}

/** The part of our table that an attachment's rules are in. */
export function frameFor({ address, conditions }: PortRules): Frame {
  return frameOf(address.address.family, conditions)
}

/** The elements of an attachment: each has its comment. Those of `taken` follow from them. */
export function elementsOf(rules: PortRules): Placed[] {
  const own = frameFor(rules)
  const key = ifnameBytes(hostIfname(rules.attachment))
  const comment = owner(rules.attachment)
  return [
    { set: own.attachments, key, counter: counterOf(own) },
    ...rules.mappings.map((mapping) => portElement(own, rules, mapping)),
    ...sourceElements(own, rules),
  ].map((element) => ({ ...element, comment }))
}

/** The element of a host port. */
function portElement(own: Frame, { address }: PortRules, mapping: Mapping): Placed {
  const value = concatenate(toBytes(address.address), serviceBytes(mapping.containerPort))
  const [key, { hostIP }] = [portKey(mapping), mapping]
  if (!hostIP) return { set: own.ports, key, value }
  return { set: own.addresses, key: Buffer.concat([toBytes(hostIP), key]), value }
}

/** Protocol and port as a key. */
export function portKey({ protocol, hostPort }: Mapping): Buffer {
  return concatenate(protocolBytes(protocol), serviceBytes(hostPort))
}

/** What makes the source of a packet the host's. */
function sourceElements(own: Frame, { address, via, snat, masqAll }: PortRules): Placed[] {
  const key = toBytes(address.address)
  if (masqAll) return [{ set: own.masquerade, key }]
  if (!snat) return []
  return [
    { set: own.self, key: Buffer.concat([key, key]) },
    ...(via ? [{ set: own.neighbours, key: concatenate(key, ifnameBytes(via)) }] : []),
    ...(own.localhost ? [{ set: own.localhost, key }] : []),
  ]
}

/** Requests that add elements, those of a set together. */
export function additions(placed: Placed[]): Request[] {
  return grouped(placed).flatMap(([set, elements]) => chunks(elements).map((part) => addElements(set, part)))
}

/** Requests that delete elements, those of a set together. */
export function deletions(placed: Placed[]): Request[] {
  return grouped(placed).flatMap(([set, elements]) => deletion(set, elements))
}

function grouped(placed: Placed[]): [NamedSet, Element[]][] {
  const groups = new Map<NamedSet['name'], [NamedSet, Element[]]>()
  for (const { set, ...element } of placed) {
    const group = groups.get(set.name)
    if (group) group[1].push(element)
    else groups.set(set.name, [set, [element]])
  }
  return [...groups.values()]
}

/** The elements in the kernel with the keys of these: those of a set are asked for together. */
export function foundLike(placed: Placed[]): (Element | undefined)[] {
  const finders = new Map(
    grouped(placed).map(([set, elements]) => [
      set.name,
      findElements(
        netfilter(),
        set,
        elements.map(({ key }) => key),
      ),
    ]),
  )
  return placed.map(({ set, key }) => finders.get(set.name)?.(key))
}
