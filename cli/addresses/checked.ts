/** The findings of `patchbay ipam check` as data and as a text. */

import type * as z from 'zod'
import type { answer } from '../answers/ipam-check.ts'
import { shortAge } from '../form/age.ts'
import type { Page } from '../form/page.ts'
import { type Column, table } from '../form/table.ts'
import { shortID } from '../host/words.ts'
import type { Finding } from './findings.ts'
import { toldHolder } from './told.ts'

export type Checked = z.infer<typeof answer>
type ToldFinding = Checked['findings'][number]

export function toldFinding(finding: Finding): ToldFinding {
  if (finding.kind === 'leaked') {
    const { kind, holder, usedBy } = finding
    return { kind, holder: toldHolder(holder), usedBy }
  }
  const { kind, address, network, containers } = finding
  return { kind, address, network, containers }
}

interface Row {
  kind: string
  address: string
  network: string
  who: string
  why: string
}

function rowOf(finding: ToldFinding): Row {
  if (finding.kind === 'leaked') {
    const { address, network, pod, container = '', age } = finding.holder
    const users = finding.usedBy.map(namesOf).join(', ')
    const since = age === undefined ? '' : `; held for ${shortAge(age)}`
    const why = `its container has ended${users ? `, but ${users} has it` : since}`
    return { kind: finding.kind, address, network, who: pod ?? shortID(container), why }
  }
  const { kind, address, network, containers } = finding
  const who = containers.map(namesOf).join(', ')
  const sources = containers.map(({ by }) => by.join(' and ')).join('; ')
  const why =
    kind === 'duplicate' ? `both have it by ${sources}` : `${sources} has it, host-local may give it again`
  return { kind, address, network, who, why }
}

const namesOf = ({ pod, container }: { pod?: string; container: string }) => pod ?? shortID(container)

const columns: Column<Row>[] = [
  {
    title: 'FINDING',
    cell: ({ kind }) => ({ text: kind, colour: kind === 'leaked' ? 'yellow' : 'red' }),
  },
  { title: 'ADDRESS', cell: ({ address }) => address },
  { title: 'NETWORK', cell: ({ network }) => network },
  { title: 'CONTAINER', cell: ({ who }) => who },
  { title: 'WHY', cell: ({ why }) => why, wraps: true },
]

/** @param checked with the file of the report, where one was written */
export function checkedText(page: Page, { findings, report, checked }: Checked): string {
  const counts = `${checked.addresses} addresses of host-local, ${checked.containers} containers`
  if (findings.length === 0) return `nothing found: ${counts}`
  const leaked = findings.filter((one) => one.kind === 'leaked' && one.usedBy.length === 0).length
  const file = report ?? '/tmp/report.json'
  const steps = [
    ...(leaked > 0 && report === undefined ? [`patchbay ipam check --report ${file}`] : []),
    ...(leaked > 0 ? [`patchbay ipam release --from ${file}`] : []),
  ]
  const next =
    steps.length > 0
      ? `\n\nto release the ${leaked} leaked:\n${steps.map((step) => `  ${step}`).join('\n')}`
      : ''
  return `${table(page, columns, findings.map(rowOf))}${next}`
}
