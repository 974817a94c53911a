/** What `patchbay trace` prints: one line of verdict, and with -v each step with the command that shows it. */

import { plain } from '../../shared/error/log.ts'
import { formatAddress } from '../../shared/ip/address.ts'
import type { Colour, Page } from '../form/page.ts'
import { cut, wrapped } from '../form/table.ts'
import { type Live, liveText } from './live.ts'
import type { Netns } from './netns.ts'
import type { Outcome, Verdict } from './outcome.ts'
import { type End, type Hop, inPlace } from './trace.ts'

const words: Readonly<Record<Verdict, string>> = {
  reaches: 'REACHES',
  leaves: 'LEAVES',
  dropped: 'DROPPED',
  noRoute: 'NO ROUTE',
  noAnswer: 'NO ANSWER',
  astray: 'ASTRAY',
  unknown: 'CANNOT TELL',
}
const colours: Partial<Record<Verdict, Colour>> = { reaches: 'green', leaves: 'green', unknown: 'yellow' }

export const isFine = ({ verdict }: Outcome) => verdict === 'reaches' || verdict === 'leaves'

/** A name of another program may have a megabyte. */
const longest = 1000

/** The verdict's line, without colours. */
export function verdictLine(outcome: Outcome, live?: Live): string {
  const told = live ? `; ${liveText(live)}` : ''
  return cut(plain(`${words[outcome.verdict]} ${sentence(outcome)}${told}`), longest)
}

function sentence(outcome: Outcome): string {
  const { verdict, reached, end, links, remark } = outcome
  const by = links.length > 0 ? ` by ${links.join(' → ')}` : ''
  const more = remark ? `; ${remark}` : ''
  if (end && !reached) return where(end)
  if (!reached) return ''
  if (end)
    return `${verdict === 'unknown' ? 'whether the answer returns: ' : `from ${nameOf(reached.netns)}${by}, the answer is lost `}${where(end)}`
  const { packet, link, netns } = reached
  const destination = formatAddress(packet.destination)
  if (verdict === 'astray')
    return `${destination} (${link.name}) is also an address of ${inPlace(netns)}, which gets the packet${by}`
  const port = packet.destinationPort === undefined ? '' : ` ${packet.protocol} ${packet.destinationPort}`
  if (verdict === 'reaches') return `${nameOf(netns)} (${destination} ${link.name}${port})${by}${more}`
  return `${inPlace(netns)} at ${link.name} for ${destination}, as ${formatAddress(packet.source)}${by}${more}`
}

const nameOf = ({ title }: Netns) => title
const where = ({ netns, why }: End) => `in ${inPlace(netns)}: ${why}`

/** The verdict, and with `isLong` the evidence. */
export function reportOf(
  page: Page,
  outcome: Outcome,
  hops: readonly Hop[],
  isLong: boolean,
  live?: Live,
): string {
  const line = verdictLine(outcome, live)
  const word = words[outcome.verdict]
  const verdict = page.paint(colours[outcome.verdict] ?? 'red', word) + fitted(page, line).slice(word.length)
  if (!isLong) return verdict
  return [verdict, ...evidence(page, hops), ...(live ? traced(page, live) : [])].join('\n')
}

function evidence(page: Page, hops: readonly Hop[]): string[] {
  const titleOf = ({ way, netns }: Hop) => `${way === 'there' ? '' : 'the answer, '}${inPlace(netns)}`
  return inGroups(page, hops, titleOf, ({ step, text, command }) => [
    `  ${step.padEnd(12)} ${fitted(page, shown(text), indent).trimStart()}`,
    ...(command ? [page.paint('dim', `${indent}${shown(command)}`)] : []),
  ])
}

function traced(page: Page, { traced }: Live): string[] {
  const titleOf = ({ netns }: Live['traced'][number]) => `nftrace, ${inPlace(netns)}`
  return inGroups(page, traced, titleOf, ({ text }) => [`  ${shown(text)}`])
}

/** Lines below a title, which stands again when it changes. */
function inGroups<T>(
  page: Page,
  items: readonly T[],
  titleOf: (item: T) => string,
  linesOf: (item: T) => string[],
): string[] {
  let title = ''
  return items.flatMap((item) => {
    const before = title
    title = titleOf(item)
    return [...(title === before ? [] : [page.paint('bold', shown(title))]), ...linesOf(item)]
  })
}

/** Of what stands beside a step. */
const indent = ' '.repeat(15)

/** A file has each text in one line, a terminal in as many as it needs. A command stays in one: it is to be copied. */
const fitted = ({ width }: Page, text: string, before = '') =>
  width === undefined ? before + text : wrapped(text, width, before)

const shown = (text: string) => cut(plain(text.slice(0, longest * 4)), longest)
