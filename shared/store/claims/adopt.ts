/**
 * Blocks and addresses that the store says are this host's, and no file of it knows: the file was lost, or a block was given back after the
 * backup that the store was restored from. What no container has an address of goes back, the rest is held.
 */

import { sameAddress } from '../../ip/address.ts'
import { contains, networkOf, parseCidr } from '../../ip/subnet.ts'
import type { Holdings } from '../memory.ts'
import type { Entry, Protocol } from '../protocol.ts'
import { block as blockSchema, single as singleSchema } from '../values.ts'
import { prefixIn } from './blocks.ts'
import { isOwnName, type Session } from './host.ts'
import { keep } from './keep.ts'
import { keyOf, nameOf, type Part, partsOf } from './notes.ts'
import { entriesBelow } from './pages.ts'
import { leaveIfEmpty } from './remove.ts'
import { type Known, known } from './value.ts'

/** Reads all blocks and addresses of a pool: rarely, since a large pool has thousands. */
export function* adopt(session: Session, pool: string): Protocol<void> {
  const { keys } = session.host
  for (const prefix of [keys.blocks(pool), keys.singles(pool)])
    for (const entry of yield* entriesBelow(prefix)) {
      const own = ownPart(session, entry)
      if (own) yield* adoptOne(session, pool, entry.key, own.value)
    }
}

interface Own {
  network: string
  part: Part
}

function ownPart(session: Session, entry: Entry): Known<Own> | undefined {
  const { host, memory } = session
  const isOwn = <T extends { id: string; host: string }>(value: T) =>
    value.id === memory.id && isOwnName(session, value.host)
  const isBlock = entry.key.startsWith(host.keys.blocks())
  const held = { state: 'leaving' as const, modified: entry.modified }
  if (isBlock) {
    const found = known(blockSchema, entry, host.report)
    if (!found || !isOwn(found.value)) return undefined
    const { network, block } = found.value
    return { ...found, value: { network, part: { block: { block, ...held } } } }
  }
  const found = known(singleSchema, entry, host.report)
  if (!found || !isOwn(found.value)) return undefined
  const { network, address, owner } = found.value
  return { ...found, value: { network, part: { single: { address, owner, ...held } } } }
}

function* adoptOne(session: Session, pool: string, key: string, { network, part }: Own): Protocol<void> {
  const owners = session.holdings.filter((one) => one.network === network && one.pool === pool)
  const [holdings] = owners
  if (!holdings || owners.some((one) => isNoted(one, part))) return
  if (keyOf(session.host.keys, holdings, part) !== key || !isOfPool(holdings, part))
    return session.host.report(`the store's key ${key} says ${nameOf(part)}: left as it is`)
  if (!(yield* leaveIfEmpty(session, holdings, part))) yield* keep(session, holdings, [part])
}

/** A block is as long as the pool's are. In what is no range of it any more they were not larger. */
function isOfPool({ definition: { ranges, blockSize } }: Holdings, part: Part): boolean {
  const block = 'block' in part ? parseCidr(part.block.block) : undefined
  if (!block) return true
  const subnets = ranges.flatMap(({ subnet }) => parseCidr(subnet) ?? [])
  const around = subnets.find((one) => contains(one, block.address)) ?? block
  return prefixIn(around, blockSize) === block.prefix && sameAddress(block.address, networkOf(block))
}

function isNoted(holdings: Holdings, part: Part): boolean {
  return partsOf(holdings).some((one) => nameOf(one) === nameOf(part))
}
