/** `patchbay pool ls`: the pools as data, and as a table. */

import type * as z from 'zod'
import type { answer } from '../answers/pool-ls.ts'
import type { Page } from '../form/page.ts'
import { compared } from '../form/sort.ts'
import { type Cell, type Column, table } from '../form/table.ts'
import { type HeldHere, usedOf } from '../host/holdings.ts'
import type { Claimed, Contents } from './contents.ts'
import { rangeText } from './definition.ts'
import { addressesIn, blocksIn, type Part, partsIn, usableIn } from './geometry.ts'

export type Pools = z.infer<typeof answer>
type Pool = Pools[number]

/** The pools, in the order of their names. */
export function poolsIn({ pools, blocks }: Contents, here: HeldHere): Pools {
  const claimed = Map.groupBy(blocks, ({ pool }) => pool)
  return [...pools]
    .sort(([one], [other]) => compared(one, other))
    .map(([name, definition]) => {
      const own = claimed.get(name) ?? []
      const parts = partsIn(definition)
      return {
        name,
        ranges: definition.ranges.map(rangeText),
        closing: definition.closing ?? false,
        hosts: new Set(own.map(({ host }) => host)).size,
        families: parts.map((part) => familyOf(part, parts, own)),
        here: usedOf(here, name),
      }
    })
}

function familyOf(part: Part, parts: readonly Part[], claimed: readonly Claimed[]): Pool['families'][number] {
  const own = claimed.filter(({ cidr }) => cidr.address.family === part.family)
  return {
    family: part.family,
    blockSize: part.blockSize,
    blocks: { claimed: own.length, total: Number(blocksIn(part)) },
    addresses: {
      total: Number(addressesIn(part)),
      claimed: Number(own.reduce((sum, { cidr }) => sum + usableIn(parts, cidr), 0n)),
    },
  }
}

/** A row of the table: a pool and one of its families. */
interface Row extends Pool {
  one: Pool['families'][number]
  isFirst: boolean
}

const columns: Column<Row>[] = [
  { title: 'POOL', cell: ({ name, isFirst }) => (isFirst ? name : '') },
  { title: 'RANGES', cell: (row) => rangesIn(row) },
  {
    title: 'BLOCKS',
    cell: ({ one }) => `${one.blocks.claimed}/${formatCount(one.blocks.total)}`,
    right: true,
  },
  { title: 'OF', cell: ({ one }) => `/${one.blockSize}`, right: true },
  { title: 'USE', cell: ({ one }) => useCell(one.blocks), right: true },
  { title: 'ADDRESSES', cell: ({ one }) => formatCount(one.addresses.total), right: true, minor: true },
  { title: 'HOSTS', cell: ({ hosts, isFirst }) => (isFirst ? hosts : ''), right: true },
  { title: 'HERE', cell: ({ here, isFirst }) => (isFirst ? here.addresses : ''), right: true, minor: true },
  { title: 'STATE', cell: ({ closing }) => (closing ? { text: 'closing', colour: 'yellow' } : '') },
]

function rangesIn({ ranges, one: { family } }: Row): string {
  return ranges.filter((text) => text.split(',')[0]?.includes(':') === (family === 6)).join(' ')
}

/** A pool that is nearly all claimed has a colour: hosts get no more blocks. */
function useCell({ claimed, total }: { claimed: number; total: number }): Cell {
  const percent = Math.round((claimed / Math.max(1, total)) * 1000) / 10
  const text = `${percent}%`
  if (percent >= 95) return { text, colour: 'red' }
  return percent >= 80 ? { text, colour: 'yellow' } : text
}

/** Counts of IPv6 as powers of two: `2^58`. */
export function formatCount(count: number): string {
  return count < 1e9 ? String(count) : `2^${Math.round(Math.log2(count) * 10) / 10}`
}

export function poolsText(page: Page, pools: Pools): string {
  if (pools.length === 0) return 'no pools in this store: patchbay pool create NAME --range SUBNET'
  const rows = pools.flatMap((pool) => pool.families.map((one, at) => ({ ...pool, one, isFirst: at === 0 })))
  return table(page, columns, rows)
}
