/** Host ports by nftables: each is an element of a map, whose comment names the attachment that has it. */

import { hostIfname } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { families } from '../ip/address.ts'
import { isErrno, tolerate } from '../kernel/errno.ts'
import { counterUse } from '../netlink/nftables-counters.ts'
import { findElement, listElements } from '../netlink/nftables-read.ts'
import type { Element } from '../netlink/nftables-sets.ts'
import { requireNftables, update } from '../netlink/nftables-transaction.ts'
import { ifnameBytes } from '../netlink/nftables-types.ts'
import type { Request } from '../netlink/socket.ts'
import { addEntrances, expectEntrances } from './portmap-conditions.ts'
import {
  additions,
  deletions,
  elementsOf,
  foundLike,
  frameFor,
  type Placed,
  portKey,
} from './portmap-elements.ts'
import {
  chainsOf,
  counterOf,
  type Frame,
  frameAdditions,
  frameOf,
  hasFrame,
  isUntouched,
  markUntouched,
  setsOf,
} from './portmap-frame.ts'
import { inTheWay, type Refuse, withoutHeld } from './portmap-holders.ts'
import { orphans, takenBy, takenChanges, takenRestoration, takenWithout } from './portmap-occupied.ts'
import type { PortRules } from './portmap-rules.ts'
import { chunks, deletion, dismantle, expectElement, expectRules, netfilter, owner } from './table.ts'

/**
 * Adds the host ports of an attachment, and replaces what attachments that have ended have left at its addresses and ports. A port that
 * another interface of the container has stays there. The caller holds the feature's lock.
 * @param refuseRecorded throws for a port that a live attachment has by its record: another program has flushed its element
 * @throws KernelError, or what `refuse` throws for a port that is taken
 */
export function add(rules: PortRules[], refuse: Refuse, refuseRecorded: () => void = () => {}): void {
  const addAll = (all: PortRules[]) => update(netfilter(), () => all.flatMap(addition))
  makingWay(rules, addAll, () => {
    clear(rules, refuse)
    clearOrphans(rules, refuseRecorded)
    return rules.map((one) => withoutHeld(one, (mapping, comment) => refuse(mapping, comment) === 'stays'))
  })
  for (const one of rules) addEntrances(frameFor(one))
}

/** Whether another program has flushed a map or the frame of rules, or there is none yet. A look-up for each family. */
export function isFlushed(rules: readonly PortRules[]): boolean {
  return rules.some((one) => !isUntouched(frameFor(one)))
}

/** Notes that all of live attachments is there again, in the frames of these rules. */
export function endFlushed(rules: readonly PortRules[]): void {
  const frames = new Map(rules.map(frameFor).map((frame) => [`${frame.family} ${frame.prefix}`, frame]))
  const isToMark = (frame: Frame) => hasFrame(frame) && !isUntouched(frame)
  update(netfilter(), () => [...frames.values()].filter(isToMark).map(markUntouched))
}

/** Adds what is missing, and removes nothing: what another attachment has stays. @returns whether anything was missing @throws as `add` */
export function addMissing(rules: PortRules[], refuse: Refuse): boolean {
  let hasAdded = false
  const plan = (one: PortRules) => {
    const requests = restoring(one, refuse)
    if (requests.length > 0) hasAdded = true
    return requests
  }
  const addAll = (all: PortRules[]) => update(netfilter(), () => all.flatMap(plan))
  makingWay(rules, addAll, () => rules.map((one) => withoutRefused(one, refuse)))
  for (const one of rules) addEntrances(frameFor(one))
  return hasAdded
}

/** Adds elements; where one is in the way, looks whose it is first. @param makeWay returns what is left to add */
function makingWay(
  rules: PortRules[],
  addAll: (rules: PortRules[]) => void,
  makeWay: () => PortRules[],
): void {
  try {
    if (!isDone(() => addAll(rules))) addAll(makeWay())
  } catch (error) {
    throw isErrno(error, 'EMSGSIZE') ? tooMany(rules) : error
  }
}

/** Whether nothing was in the way of an addition. */
function isDone(add: () => void): boolean {
  const attempt = () => {
    add()
    return true
  }
  return tolerate(attempt, 'EEXIST') ?? false
}

function tooMany(rules: PortRules[]): CniError {
  const count = rules.reduce((sum, { mappings }) => sum + mappings.length, 0)
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${count} host ports are too many for one transaction of nftables here: map fewer`,
    hint: 'more than about 700 need CAP_NET_ADMIN of the host, or a greater sysctl net.core.wmem_max',
  })
}

/** Removes what attachments that have ended still have at these addresses and ports. @throws what `refuse` throws */
export function clear(rules: PortRules[], refuse: Refuse): void {
  if (rules.length > 0)
    update(netfilter(), () => rules.flatMap((one) => removalOf(frameFor(one), inTheWay(one, refuse))))
}

/** Removes the elements of an attachment that are still its own; does nothing when there are none. */
export function remove(rules: PortRules[]): void {
  update(netfilter(), () => rules.flatMap(removal))
}

/**
 * @param isShared whether a comment names another interface of the container: its element stands for one of this attachment
 * @throws CniError that names the missing element or rule
 */
export function check(rules: PortRules[], isShared: (comment: string) => boolean = () => false): void {
  for (const one of rules) {
    const expected = elementsOf(isComplete(one) ? one : withoutHeld(one, (_, comment) => isShared(comment)))
    const found = foundLike(expected)
    for (const [index, { set, ...element }] of expected.entries()) expectElement(set, element, found[index])
    const own = frameFor(one)
    for (const { key, value } of takenBy(own, expected)) expectElement(own.taken, { key, value })
    for (const { name, rules } of chainsOf(own))
      if (rules.length > 0) expectRules(own.table, name, rules.length)
    expectEntrances(own)
  }
}

/**
 * Removes all elements of a frame that fit, in several transactions: for GC, and for DEL without a record of what ADD did.
 * @returns how many
 */
export function removeWhere(own: Frame, fits: (element: Element) => boolean): number {
  const listed = setsOf(own).flatMap((set) =>
    set === own.taken
      ? []
      : listElements(netfilter(), set)
          .filter(fits)
          .map((element) => ({ ...element, set })),
  )
  for (const part of chunks(listed)) update(netfilter(), () => removalOf(own, part.filter(isStillThere)))
  return listed.length
}

function isStillThere({ set, key, comment }: Placed): boolean {
  return findElement(netfilter(), set, key)?.comment === comment
}

/** Whether an attachment has elements in the frames of networks without conditions. A look-up for each family. */
export function has(attachment: Attachment): boolean {
  const key = ifnameBytes(hostIfname(attachment))
  const found = families.map((family) => findElement(netfilter(), frameOf(family).attachments, key))
  return found.some((element) => element?.comment === owner(attachment))
}

/** Whether an attachment has all its elements itself. */
function isComplete(rules: PortRules): boolean {
  const elements = elementsOf(rules)
  const found = foundLike(elements)
  return elements.every(({ comment }, index) => found[index]?.comment === comment)
}

function addition(rules: PortRules): Request[] {
  const [own, elements] = [frameFor(rules), elementsOf(rules)]
  return [
    ...frameAdditions(own, markUntouched(own)),
    ...additions(elements),
    ...takenChanges(own, elements, 1),
  ]
}

/** Requests that add what is missing, besides what other attachments have. */
function restoring(rules: PortRules, refuse: Refuse): Request[] {
  const [own, elements] = [frameFor(rules), elementsOf(rules)]
  const free = isComplete(rules) ? [] : elementsOf(withoutRefused(rules, refuse))
  const found = foundLike(free)
  const missing = free.filter((_, index) => found[index] === undefined)
  return [...frameAdditions(own), ...additions(missing), ...takenRestoration(own, elements, missing)]
}

/** Rules without the ports that others have. @throws what `refuse` throws */
function withoutRefused(rules: PortRules, refuse: Refuse): PortRules {
  return withoutHeld(rules, (mapping, comment) => {
    refuse(mapping, comment)
    return true
  })
}

/** Frees ports that are noted as taken although no element has them. */
function clearOrphans(rules: PortRules[], refuseRecorded: () => void): void {
  update(netfilter(), () =>
    rules.flatMap((one) => {
      const own = frameFor(one)
      const found = orphans(own, one.mappings.map(portKey))
      if (found.length > 0) refuseRecorded()
      return deletion(own.taken, found)
    }),
  )
}

function removal(rules: PortRules): Request[] {
  const [comment, frame] = [owner(rules.attachment), frameFor(rules)]
  const own = elementsOf(rules)
  const found = foundLike(own)
  const there = own.filter((_, index) => found[index]?.comment === comment)
  const flushed = takenBy(
    frame,
    own.filter((_, index) => found[index] === undefined),
  )
  return removalOf(frame, there, flushed.length > 0 ? takenWithout(frame, own, there) : undefined)
}

/** Requests that delete elements that are there; with the last attachment the whole frame. */
function removalOf(own: Frame, placed: Placed[], taken = takenChanges(own, placed, -1)): Request[] {
  const requests = [...deletions(placed), ...taken]
  const leaving = placed.filter(({ set }) => set.name === own.attachments.name).length
  const isLast = counterUse(netfilter(), own.table, counterOf(own)) === leaving
  return isLast && (leaving > 0 || isEmptied(own, placed)) ? [...requests, ...dismantleFrame(own)] : requests
}

/** Whether a frame has nothing but these elements. Another program has flushed its map of attachments. */
function isEmptied(own: Frame, placed: Placed[]): boolean {
  const maps = setsOf(own).filter((set) => set.name !== own.taken.name)
  return maps.every(
    (map) =>
      listElements(netfilter(), map).length === placed.filter(({ set }) => set.name === map.name).length,
  )
}

/** The chain that others lead to comes last. */
function dismantleFrame(own: Frame): Request[] {
  const chains = chainsOf(own).map(({ name }) => name)
  return dismantle(own.table, chains.reverse(), setsOf(own), [counterOf(own)])
}

/** @throws KernelError when the kernel has no nf_tables */
export function requireSupport(): void {
  requireNftables(netfilter())
}
