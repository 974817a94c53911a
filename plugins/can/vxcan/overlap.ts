/** Rules that let the same frames through: the kernel would deliver such a frame once for each. */

import type { Complaint } from '../../../shared/error/error.ts'
import { type CanFilter, CanId } from '../../../shared/netlink/can-gateway.ts'
import { type Gateway, parseFilter, type Rule } from './gateway-keys.ts'

/** Refuses two rules of a direction that would deliver the same frame. Those that differ in `set` deliver different ones. */
export function deliveringOnce({ gateway }: { gateway?: Gateway }): Complaint | undefined {
  for (const direction of ['toContainer', 'fromContainer'] as const) {
    const rules = gateway?.[direction] ?? []
    const again = rules.findIndex((rule, place) =>
      rules.slice(0, place).some((other) => deliverSame(rule, other)),
    )
    if (again >= 0) return twice(`${direction}[${again}]`)
  }
  return undefined
}

function twice(rule: string): Complaint {
  return {
    msg: `gateway: ${rule} lets frames through that a rule before it does: they would arrive twice`,
    hint: 'choose filters without a common identifier, or one filter that covers both',
  }
}

function deliverSame(one: Rule, other: Rule): boolean {
  const isOfOneKind = one.frames === other.frames || [one.frames, other.frames].includes('both')
  const isSetAlike = JSON.stringify(one.set ?? {}) === JSON.stringify(other.set ?? {})
  return isOfOneKind && isSetAlike && overlap(filterOf(one), filterOf(other))
}

function filterOf({ filter }: Rule): CanFilter {
  return filter ? parseFilter(filter) : { id: 0, mask: 0 }
}

/** Whether an identifier passes both filters. */
function overlap(one: CanFilter, other: CanFilter): boolean {
  if (!isInverted(one))
    return isInverted(other) ? !isWithin(one, other) : agree(one, other, one.mask & other.mask)
  if (!isInverted(other)) return !isWithin(other, one)
  const leaveNothing =
    one.mask === CanId.EXTENDED && other.mask === CanId.EXTENDED && !agree(one, other, one.mask)
  return !leaveNothing
}

function isInverted({ id }: CanFilter): boolean {
  return (id & CanId.INVERTED) !== 0
}

/** Whether all that a filter lets through has the bits that the other one names. */
function isWithin(inner: CanFilter, outer: CanFilter): boolean {
  return (outer.mask & ~inner.mask) === 0 && agree(inner, outer, outer.mask)
}

function agree(one: CanFilter, other: CanFilter, mask: number): boolean {
  return ((one.id ^ other.id) & mask) === 0
}
