/** The findings of `patchbay validate` as a text: place, message, the line with a caret, hint. */

import { plain } from '../../shared/error/log.ts'
import type { Page } from '../form/page.ts'
import { cut, table, wrapped } from '../form/table.ts'
import type { Finding } from './finding.ts'
import type { Validated } from './validate.ts'

export function report({ networks, findings, runtimes }: Validated, page: Page): string {
  if (networks.length === 0 && findings.length === 0)
    return 'no network configurations: their files end in .conflist, .conf or .json, in /etc/cni/net.d and, of podman, /etc/containers/networks'
  const parts = [
    ...findings.map((one) => findingText(one, page)),
    ...(networks.length > 0 ? [networkTable(networks, page)] : []),
    notes(networks, runtimes, page),
    summary(networks.length, findings),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function findingText({ file, line, column, severity, message, excerpt, hint }: Finding, page: Page): string {
  const place = [cut(plain(file.slice(0, 400)), 200), line, column]
    .filter((part) => part !== undefined)
    .join(':')
  const colour = severity === 'error' ? 'red' : 'yellow'
  const quoted = (excerpt ?? '').split('\n').map((one) => `    ${plain(one)}`)
  return [
    `${page.paint('bold', place)}: ${page.paint(colour, severity)}: ${plain(message)}`,
    ...(excerpt ? quoted : []),
    ...(hint ? [wrapped(plain(hint), page.width, '  ')] : []),
  ].join('\n')
}

type Row = Validated['networks'][number]

function networkTable(networks: readonly Row[], page: Page): string {
  return table<Row>(
    page,
    [
      { title: 'NETWORK', cell: ({ network }) => network },
      { title: 'VERSION', cell: ({ kind, cniVersion }) => (kind === 'podman' ? '' : cniVersion) },
      { title: 'HIGHEST', cell: (one) => one.highest },
      {
        title: 'PLUGINS',
        cell: ({ plugins }) => plugins.map(({ type }) => type).join(', '),
      },
      { title: 'FILE', cell: ({ file }) => file, wraps: true },
    ],
    networks,
  )
}

/** What the table has no room for: plugins of which a file, or the knowledge of its keys, is missing. */
function pluginNotes(networks: readonly Row[]): string[] {
  const all = networks.filter(({ kind }) => kind !== 'podman').flatMap(({ plugins }) => plugins)
  const named = (of: (plugin: Row['plugins'][number]) => boolean) =>
    [...new Set(all.filter(of).map(({ type }) => type))].slice(0, 20).join(', ')
  const rows = [
    ['not installed', named(({ path }) => path === undefined)],
    ['not checked, since Patchbay has no plugin of the name', named(({ checked }) => !checked)],
    [
      "checked by Patchbay's keys, but the installed file is another project's",
      named(({ path, ours, checked }) => path !== undefined && checked && !ours),
    ],
  ]
  return rows.filter(([, names]) => names !== '').map(([what, names]) => `${what}: ${names}`)
}

function notes(networks: readonly Row[], runtimes: Validated['runtimes'], page: Page): string {
  const first = networks.filter((one) => one.first && one.kind !== 'podman' && networks.length > 1)
  const found = runtimes.map(
    ({ name, version, takes }) => `${name} ${version} takes cniVersion ${takes} at most`,
  )
  const known =
    found.length > 0 ? found.join(', ') : 'no runtime was found, so HIGHEST is what the plugins take'
  return [
    ...first.map(
      ({ file, network }) =>
        `containerd and CRI-O take the first file in lexical order: ${file}, network ${network}`,
    ),
    ...(networks.some(({ kind }) => kind !== 'podman') ? [known] : []),
    ...pluginNotes(networks),
  ]
    .map((one) => wrapped(plain(one), page.width))
    .join('\n')
}

function summary(files: number, findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  const found = [
    errors > 0 && count(errors, 'error'),
    findings.length > errors && count(findings.length - errors, 'warning'),
  ]
  return `${count(files, 'network')}: ${found.filter(Boolean).join(', ') || 'no findings'}`
}
