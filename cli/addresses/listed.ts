/** The text of `patchbay ipam ls`: ranges, and below them holders and leases. */

import { shortAge } from '../form/age.ts'
import type { Page } from '../form/page.ts'
import { type Cell, type Column, table } from '../form/table.ts'
import { lifeCell, shortID } from '../host/words.ts'
import type { Fullness } from './fullness.ts'
import { type HeldLease, leaseColumns } from './leases.ts'
import type { ToldHolder } from './told.ts'

const rangeColumns: Column<Fullness>[] = [
  { title: 'NETWORK', cell: ({ network }) => network },
  { title: 'POOL', cell: ({ pool }) => pool },
  { title: 'RANGE', cell: ({ range }) => range },
  { title: 'SUBNET', cell: ({ subnets }) => subnets.join(' '), minor: true },
  { title: 'USED', cell: ({ used }) => used, right: true },
  { title: 'FREE', cell: ({ free }) => formatCount(free), right: true },
  { title: 'SIZE', cell: ({ size }) => formatCount(size), right: true },
  { title: 'USE', cell: ({ percent }) => useCell(percent), right: true },
]

/** A range that is nearly full has a colour. */
function useCell(percent: number): Cell {
  const text = `${percent}%`
  if (percent >= 95) return { text, colour: 'red' }
  return percent >= 80 ? { text, colour: 'yellow' } : text
}

/** Sizes of IPv6 ranges as powers of two: `2^64`. */
function formatCount(count: number): string {
  return count < 1e9 ? String(count) : `2^${Math.round(Math.log2(count) * 10) / 10}`
}

export const holderColumns: Column<ToldHolder>[] = [
  { title: 'ADDRESS', cell: ({ address }) => address },
  { title: 'NETWORK', cell: ({ network }) => network },
  { title: 'POD', cell: ({ pod }) => pod },
  {
    title: 'CONTAINER',
    cell: ({ container, keptFor, lentTo }) =>
      container ? shortID(container) : lentTo === undefined ? `kept for ${keptFor}` : `lent to ${lentTo}`,
  },
  { title: 'IFACE', cell: (one) => one.interface },
  { title: 'AGE', cell: ({ age }) => shortAge(age), right: true },
  { title: 'LIFE', cell: ({ life, container }) => (container === undefined ? '' : lifeCell(life)) },
]

/** @param isSeen whether files could be read */
export function listed(
  page: Page,
  ranges: readonly Fullness[],
  holders: readonly ToldHolder[],
  leases: readonly HeldLease[],
  isSeen: boolean,
): string {
  if (!isSeen) return 'ranges and addresses cannot be seen: run it as root'
  const parts = [
    ...(ranges.length > 0 ? [table(page, rangeColumns, ranges)] : []),
    ...(holders.length > 0 ? [table(page, holderColumns, holders)] : []),
    ...(leases.length > 0 ? [table(page, leaseColumns, leases)] : []),
  ]
  return parts.length > 0
    ? parts.join('\n\n')
    : 'no ranges, no addresses of host-local, and no leases of DHCP'
}
