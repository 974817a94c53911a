/** Whose the elements of our nftables sets are, by their comments: each set is listed once, and of its elements only the comments are read. */

import { oncePer } from '../../../shared/config/once.ts'
import { netfilter } from '../../../shared/firewall/table.ts'
import { unlessUnsupported } from '../../../shared/firewall/unsupported.ts'
import { attributeIn } from '../../../shared/netlink/attributes.ts'
import { Attribute, Message, place, request } from '../../../shared/netlink/nftables.ts'
import { dumpIfAny, find, HEADER, items } from '../../../shared/netlink/nftables-read.ts'
import { elementList, type NamedSet } from '../../../shared/netlink/nftables-sets.ts'
import type { View } from '../frame/fault.ts'

/** A set as `nft list set` takes it. */
export const nameOf = (set: NamedSet) => `${place(set.table)} ${set.name}`

const listed = oncePer((_: View) => new Map<string, ReadonlyMap<string, number>>())

/** How many elements of a set have each comment. */
export function commentsIn(view: View, set: NamedSet): ReadonlyMap<string, number> {
  const [known, name] = [listed(view), nameOf(set)]
  const found = known.get(name) ?? countsOf(set)
  known.set(name, found)
  return found
}

/** The same for several sets together. */
export function countIn(view: View, sets: readonly NamedSet[], comment: string): number {
  return sets.reduce((sum, set) => sum + (commentsIn(view, set).get(comment) ?? 0), 0)
}

function countsOf(set: NamedSet): Map<string, number> {
  const counts = new Map<string, number>()
  const listing = request(set.table, Message.GETSETELEM, 0, elementList(set), () => `list set ${nameOf(set)}`)
  for (const { data } of unlessUnsupported(() => dumpIfAny(netfilter(), listing)) ?? [])
    for (const element of items(find(data.subarray(HEADER), Attribute.SET_ELEM_LIST_ELEMENTS))) {
      const comment = commentOf(element)
      counts.set(comment, (counts.get(comment) ?? 0) + 1)
    }
  return counts
}

/** The comment in user data: its type, which is 0, its length, and its text with a NUL. */
function commentOf(element: Buffer): string {
  const data = attributeIn(element, Attribute.SET_ELEM_USERDATA)
  return data?.[0] === 0 ? data.toString('utf8', 2, 1 + (data[1] ?? 1)) : ''
}
