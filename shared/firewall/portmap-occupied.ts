/**
 * Which host ports are taken: 0 at all addresses, or at how many single ones. So the addition of a port at all addresses fails when it is
 * taken at one, and the other way round. It follows from the elements of the two maps, and is looked up there when it contradicts them.
 */

import { findElement, findElements, listElements } from '../netlink/nftables-read.ts'
import { addElements, type Element, type NamedSet } from '../netlink/nftables-sets.ts'
import { markBytes } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import { type Frame, portLength } from './portmap-frame.ts'
import { chunks, deletion, netfilter } from './table.ts'

type Placed = Element & { set: NamedSet }

/** Protocol and port of an element of either map. */
const portOf = ({ key }: Element) => key.subarray(-portLength)

const inMap = (placed: readonly Placed[], map: NamedSet) => placed.filter(({ set }) => set.name === map.name)

/** Requests that note ports as taken, or as free: those of elements that are added or deleted. */
export function takenChanges(own: Frame, placed: Placed[], step: 1 | -1): Request[] {
  const whole = inMap(placed, own.ports).map(({ key }) => ({ key, value: markBytes(0) }))
  const changes =
    step === 1
      ? chunks(whole).map((part) => addElements(own.taken, part))
      : deletion(own.taken, present(own, whole))
  return [...changes, ...countChanges(own, placed, step)]
}

/** Another program may have flushed the map. */
function present({ taken }: Frame, elements: Element[]): Element[] {
  const find = findElements(
    netfilter(),
    taken,
    elements.map(({ key }) => key),
  )
  return elements.filter(({ key }) => find(key) !== undefined)
}

function countChanges(own: Frame, placed: Placed[], step: 1 | -1): Request[] {
  const changes = new Map<string, number>()
  for (const element of inMap(placed, own.addresses)) {
    const port = portOf(element).toString('hex')
    changes.set(port, (changes.get(port) ?? 0) + step)
  }
  return recounts(own.taken, changes)
}

/** A port that is taken at all addresses stays as it is: an addition fails by it. */
function recounts(taken: NamedSet, changes: Map<string, number>): Request[] {
  const keys = [...changes.keys()].map((port) => Buffer.from(port, 'hex'))
  const find = findElements(netfilter(), taken, keys)
  const counts = keys.map((key) => {
    const now = countIn(find(key)) ?? 0
    return { key, now, next: now + (changes.get(key.toString('hex')) ?? 0) }
  })
  const added = counts
    .filter(({ next }) => next > 0)
    .map(({ key, next }) => ({ key, value: markBytes(next) }))
  return [
    ...deletion(
      taken,
      counts.filter(({ now }) => now > 0).map(({ key }) => ({ key })),
    ),
    ...chunks(added).map((part) => addElements(taken, part)),
  ]
}

const countIn = (element: Element | undefined) => element?.value?.readUInt32LE(0)

/**
 * Requests that note the ports of an attachment as they are taken by all elements, when some may have been flushed. What another
 * attachment has taken in another way stays, so that the addition fails by it.
 * @param elements of the attachment @param missing those of them that are added
 */
export function takenRestoration(own: Frame, elements: Placed[], missing: Placed[]): Request[] {
  const whole = inMap(missing, own.ports)
  const single = [...listElements(netfilter(), own.addresses), ...inMap(missing, own.addresses)]
  return portsOf(own, elements).flatMap((key) => {
    const count = single.filter((element) => portOf(element).equals(key)).length
    const isWhole = isTakenWhole(own, key) || whole.some((element) => element.key.equals(key))
    const addition = addElements(own.taken, [{ key, value: markBytes(count) }])
    // The second one fails (EEXIST): the other attachment is looked up then.
    return count > 0 && isWhole ? [addition, addition] : corrected(own, key, count)
  })
}

/**
 * Requests that note the ports of an attachment as they are taken without it, when some of its elements have been flushed.
 * @param elements of the attachment @param there those of them that are deleted
 */
export function takenWithout(own: Frame, elements: Placed[], there: Placed[]): Request[] {
  const gone = inMap(there, own.addresses)
  const single = listElements(netfilter(), own.addresses).filter(
    ({ key }) => !gone.some((element) => element.key.equals(key)),
  )
  return portsOf(own, elements).flatMap((key) => {
    const isWhole = isTakenWhole(own, key) && !inMap(there, own.ports).some((one) => one.key.equals(key))
    const count = single.filter((element) => portOf(element).equals(key)).length
    return corrected(own, key, isWhole ? 0 : count || undefined)
  })
}

/** The ports of elements, each once. */
function portsOf(own: Frame, elements: Placed[]): Buffer[] {
  const ports = [...inMap(elements, own.ports), ...inMap(elements, own.addresses)].map(portOf)
  return [...new Map(ports.map((port) => [port.toString('hex'), port])).values()]
}

const isTakenWhole = ({ ports }: Frame, key: Buffer) => findElement(netfilter(), ports, key) !== undefined

/** @param count undefined: the port is not taken */
function corrected({ taken }: Frame, key: Buffer, count: number | undefined): Request[] {
  const found = findElement(netfilter(), taken, key)
  if (countIn(found) === count) return []
  return [
    ...(found ? deletion(taken, [{ key }]) : []),
    ...(count === undefined ? [] : [addElements(taken, [{ key, value: markBytes(count) }])]),
  ]
}

/** What is noted of the ports of an attachment: of one at a single address only that it is taken. For CHECK. */
export function takenBy(own: Frame, placed: readonly Placed[]): Element[] {
  return [
    ...inMap(placed, own.ports).map(({ key }) => ({ key, value: markBytes(0) })),
    ...inMap(placed, own.addresses).map((element) => ({ key: portOf(element) })),
  ]
}

/** Ports that are noted as taken although no element has them. */
export function orphans(own: Frame, keys: Buffer[]): Element[] {
  const noted = keys.filter((key) => findElement(netfilter(), own.taken, key) !== undefined)
  if (noted.length === 0) return []
  const single = listElements(netfilter(), own.addresses).map(portOf)
  const isOrphan = (key: Buffer) => !isTakenWhole(own, key) && !single.some((port) => port.equals(key))
  return noted.filter(isOrphan).map((key) => ({ key }))
}
