/** Changes of what a network holds, as values. */

import { type Address, parseAddress } from '../../ip/address.ts'
import { networkOf, parseCidr } from '../../ip/subnet.ts'
import type { Keys } from '../keys.ts'
import type { HeldBlock, HeldSingle, Holdings } from '../memory.ts'

/** A block or a single address that a network holds, whichever. */
export type Part = { block: HeldBlock } | { single: HeldSingle }

/** Adds a block, or replaces what was noted of it. */
export function withBlock(holdings: Holdings, block: HeldBlock): Holdings {
  return { ...holdings, blocks: [...withoutBlock(holdings, block.block).blocks, block] }
}

export function withoutBlock(holdings: Holdings, block: string): Holdings {
  return { ...holdings, blocks: holdings.blocks.filter((one) => one.block !== block) }
}

/** Adds an address, or replaces what was noted of it. */
export function withSingle(holdings: Holdings, single: HeldSingle): Holdings {
  return { ...holdings, singles: [...withoutSingle(holdings, single.address).singles, single] }
}

export function withoutSingle(holdings: Holdings, address: string): Holdings {
  return { ...holdings, singles: holdings.singles.filter((one) => one.address !== address) }
}

/** All parts of what a network holds. */
export function partsOf({ blocks, singles }: Holdings): Part[] {
  return [...blocks.map((block) => ({ block })), ...singles.map((single) => ({ single }))]
}

export function heldOf(part: Part): HeldBlock | HeldSingle {
  return 'block' in part ? part.block : part.single
}

/** The block, or the address, as text. */
export function nameOf(part: Part): string {
  return 'block' in part ? part.block.block : part.single.address
}

/** The same with another state. */
export function withState(part: Part, change: Partial<Pick<HeldBlock, 'state' | 'modified'>>): Part {
  return 'block' in part ? { block: { ...part.block, ...change } } : { single: { ...part.single, ...change } }
}

export function withPart(holdings: Holdings, part: Part): Holdings {
  return 'block' in part ? withBlock(holdings, part.block) : withSingle(holdings, part.single)
}

export function withoutPart(holdings: Holdings, part: Part): Holdings {
  return 'block' in part
    ? withoutBlock(holdings, part.block.block)
    : withoutSingle(holdings, part.single.address)
}

/** The key of a part in the store. */
export function keyOf(keys: Keys, { pool }: Pick<Holdings, 'pool'>, part: Part): string {
  return 'block' in part
    ? keys.block(pool, firstOfBlock(part.block.block))
    : keys.single(pool, addressOf(part.single.address))
}

/** The first address of a block that the schema has checked. */
export function firstOfBlock(block: string): Address {
  const cidr = parseCidr(block)
  return cidr ? networkOf(cidr) : addressOf('::')
}

/** An address that the schema has checked. */
export function addressOf(text: string): Address {
  return parseAddress(text) ?? { family: 6, value: 0n }
}
