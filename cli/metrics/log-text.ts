/** Entries of the log of calls as lines for people. */

import type { Entry, Level } from '../../shared/call-log/entry.ts'
import { plain } from '../../shared/error/log.ts'
import type { Colour, Page } from '../form/page.ts'
import { shortID } from '../host/words.ts'

const colours: Readonly<Record<Level, Colour>> = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' }

/** One line for what happened, and below it one for each further fact. */
export function textOf(entry: Entry, { paint }: Page): string {
  const { time, level, verb, plugin, network, container, interface: ifname, duration, code, msg } = entry
  const place = [network, container && shortID(container), ifname].filter(Boolean).join('/')
  const words = [
    plain(time),
    paint(colours[level], level.padEnd(5)),
    plain([verb.padEnd(6), plugin, place].join(' ')),
    duration === undefined ? '' : `${(duration * 1000).toFixed(1)} ms`,
    plain([code === undefined ? '' : `code ${code}:`, msg ?? ''].join(' ').trim()),
  ]
  const facts = factsOf(entry).map((fact) => paint('dim', `  ${plain(fact)}`))
  return [words.filter((word) => word !== '').join(' '), ...facts].join('\n')
}

function factsOf({ level, pod, trace, details, spent = {} }: Entry): string[] {
  const times = Object.entries(spent).map(([kind, seconds]) => `${kind} ${(seconds * 1000).toFixed(2)} ms`)
  const context =
    level === 'error' ? [pod && `pod ${pod}`, trace && `trace ${trace}`].filter(Boolean).join(', ') : ''
  return [details ?? '', context, times.join(', ')].filter((fact) => fact !== '')
}
