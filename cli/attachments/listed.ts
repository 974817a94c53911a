/** The table of `patchbay ls`. */

import { shortAge } from '../form/age.ts'
import type { Page } from '../form/page.ts'
import { type Column, table } from '../form/table.ts'
import { formatPort } from '../host/host-ports.ts'
import { lifeCell, shortID } from '../host/words.ts'
import type { Told } from './told.ts'

/** @param wide with whole IDs, MAC addresses and namespaces */
export function listed(page: Page, attachments: readonly Told[], wide: boolean): string {
  if (attachments.length === 0) return 'no attachments'
  const shown = wide
    ? columns(true).map((column) => ({ ...column, wraps: true }))
    : columns(false).filter(({ title }) => !onlyWide.includes(title))
  return table(page, shown, attachments)
}

const onlyWide = ['MAC', 'NAMESPACE']

function columns(wide: boolean): Column<Told>[] {
  return [
    { title: 'NETWORK', cell: ({ network }) => network },
    { title: 'POD', cell: ({ pod }) => pod },
    { title: 'CONTAINER', cell: ({ container }) => (wide ? container : shortID(container)) },
    { title: 'IFACE', cell: (one) => one.interface },
    { title: 'ADDRESSES', cell: ({ addresses }) => addresses.join(' ') },
    { title: 'MAC', cell: ({ mac }) => mac },
    { title: 'HOST END', cell: ({ hostInterface }) => hostInterface, minor: !wide },
    { title: 'ON', cell: ({ parent }) => parent, minor: !wide },
    { title: 'PORTS', cell: ({ ports }) => ports.map(formatPort).join(' '), minor: !wide },
    { title: 'NAMESPACE', cell: ({ namespace }) => namespace },
    { title: 'AGE', cell: ({ age }) => shortAge(age), right: true, minor: !wide },
    { title: 'LIFE', cell: ({ life }) => lifeCell(life) },
  ]
}
