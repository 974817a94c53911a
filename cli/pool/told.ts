/** Pools and blocks as several verbs tell them. */

import type * as z from 'zod'
import { formatCidr } from '../../shared/ip/subnet.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'
import type { heldBlock, pool } from '../answers/pool.ts'
import type { Page } from '../form/page.ts'
import { type Column, table } from '../form/table.ts'
import type { Claimed } from './contents.ts'
import { rangeText } from './definition.ts'

export type ToldPool = z.infer<typeof pool>
export type ToldBlock = z.infer<typeof heldBlock>

export function toldPool({
  ranges,
  blockSize,
  closing = false,
}: Pick<PoolDefinition, 'ranges' | 'blockSize' | 'closing'>): ToldPool {
  return { ranges: ranges.map(rangeText), blockSize, closing }
}

export function toldBlock({ host, network, cidr }: Claimed): ToldBlock {
  return { host, network, block: formatCidr(cidr) }
}

const columns: Column<ToldBlock>[] = [
  { title: 'HOST', cell: ({ host }) => host },
  { title: 'NETWORK', cell: ({ network }) => network },
  { title: 'BLOCK', cell: ({ block }) => block },
]

/** So many blocks are named. */
const most = 50

/** A table of blocks; of many the first. */
export function blocksTable(page: Page, blocks: readonly ToldBlock[]): string {
  const more = blocks.length - most
  const text = table(page, columns, blocks.slice(0, most))
  return more > 0 ? `${text}\nand ${more} more: see -o json` : text
}
