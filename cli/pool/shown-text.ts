/** The text of `patchbay pool show`: a line for each network of each host. */

import { ageOf, shortAge } from '../form/age.ts'
import { factLines } from '../form/facts.ts'
import type { Page } from '../form/page.ts'
import { type Column, table } from '../form/table.ts'
import { shortID } from '../host/words.ts'
import type { Shown } from './shown.ts'

type Host = Shown['hosts'][number]

/** What one network of a host holds. */
interface Row {
  host: Host
  network: string
  blocks: Host['blocks']
  singles: Host['singles']
}

/** So many blocks are named, the others counted. */
const named = 4

const columns: Column<Row>[] = [
  { title: 'HOST', cell: ({ host }) => host.host },
  { title: 'NETWORK', cell: ({ network }) => network },
  { title: 'COUNT', cell: ({ blocks }) => blocks.length, right: true },
  { title: 'BLOCKS', cell: ({ blocks }) => someOf(blocks.map(({ block }) => block)), wraps: true },
  { title: 'SINGLES', cell: ({ singles }) => someOf(singles.map(singleText)), wraps: true },
  { title: 'SINCE', cell: ({ blocks, singles }) => ageIn([...blocks, ...singles]), right: true },
  { title: 'SEEN', cell: ({ host }) => agoOf(host.seen), right: true },
  { title: 'STATE', cell: ({ host }) => stateOf(host) },
]

function someOf(texts: readonly string[]): string {
  const more = texts.length - named
  return [...texts.slice(0, named), ...(more > 0 ? [`and ${more} more`] : [])].join(' ')
}

function singleText({ address, owner, state }: Host['singles'][number]): string {
  return state === 'granted' ? address : `${address} (${state} of ${owner})`
}

/** The age of the oldest. */
function ageIn(held: readonly { since?: string | undefined }[]): string {
  const times = held.flatMap(({ since }) => since ?? []).sort()
  return agoOf(times[0])
}

export function agoOf(time: string | undefined): string {
  return time === undefined ? '' : shortAge(ageOf(BigInt(Date.parse(time)) * 1_000_000n))
}

function stateOf({ registered, confirmed }: Host) {
  if (!registered) return { text: 'not registered', colour: 'red' as const }
  return confirmed ? '' : { text: 'has not confirmed', colour: 'yellow' as const }
}

export function shownText(page: Page, shown: Shown): string {
  const rows = shown.hosts.flatMap(rowsOf)
  const head = factLines(page, [
    ['pool', shown.name],
    ['ranges', shown.ranges.join(' ')],
    ['blocks', `/${shown.blockSize.ipv4}, /${shown.blockSize.ipv6}`],
    ['state', shown.closing ? 'closing: it is deleted when its blocks are back' : undefined],
    ...addressFacts(shown),
  ])
  if (shown.address) return head
  return `${head}\n\n${rows.length > 0 ? table(page, columns, rows) : 'no host holds a block'}`
}

function rowsOf(host: Host): Row[] {
  const byNetwork = Map.groupBy(host.blocks, ({ network }) => network)
  const asked = Map.groupBy(host.singles, ({ network }) => network)
  return [...new Set([...byNetwork.keys(), ...asked.keys()])].map((network) => ({
    ...{ host, network },
    blocks: byNetwork.get(network) ?? [],
    singles: asked.get(network) ?? [],
  }))
}

function addressFacts({ address }: Shown): (readonly [string, string | undefined])[] {
  if (!address) return []
  const { role, inPool, block, host, network, containers } = address
  const why = role ? `the ${role}: no container gets it` : inPool ? undefined : 'in no range of the pool'
  return [
    ['address', why ? `${address.address}, ${why}` : address.address],
    ['block', block ?? 'no host holds its block'],
    ['host', host],
    ['network', network],
    ['container', containers.map(({ container }) => shortID(container)).join(' ')],
  ]
}
