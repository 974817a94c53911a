/** The findings of `patchbay pool check` as a text. */

import type { Page } from '../form/page.ts'
import { type Column, table } from '../form/table.ts'
import type { Checked, Finding } from './finding.ts'

export type { Checked }

/** Addresses that may be given twice, or already are. */
const grave: readonly Finding['kind'][] = ['overlapping', 'disputed', 'unheld-address', 'bad-value']

const columns: Column<Finding>[] = [
  {
    title: 'FINDING',
    cell: ({ kind }) => ({ text: kind, colour: grave.includes(kind) ? 'red' : 'yellow' }),
  },
  { title: 'SUBJECT', cell: ({ subject }) => subject, wraps: true },
  { title: 'MEANS', cell: ({ means }) => means, wraps: true },
  { title: 'WHAT TO DO', cell: ({ mend }) => mend, wraps: true },
]

export function checkedText(page: Page, { checked, findings }: Checked): string {
  if (findings.length > 0) return table(page, columns, findings)
  const { pools, hosts, blocks, networks } = checked
  const counts = [counted(pools, 'pool'), counted(blocks, 'block'), counted(hosts, 'host')]
  return `nothing found: ${[...counts, counted(networks, 'network')].join(', ')} here`
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
