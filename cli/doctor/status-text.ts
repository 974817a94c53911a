/** The screen of `status`. */

import { plain } from '../../shared/error/log.ts'
import type { Colour, Page } from '../form/page.ts'
import { cut, table } from '../form/table.ts'
import type { Status } from './node-facts.ts'

type State = Status['worst']
type Line = Status['lines'][number]

const colours: Readonly<Record<State, Colour>> = {
  ok: 'green',
  error: 'red',
  warning: 'yellow',
  leak: 'cyan',
  unseen: 'dim',
}

/** A line for each topic, and one that counts what doctor finds. */
export function screen(page: Page, status: Status): string {
  const isFurther = ({ subject }: Line, at: number) => subject === status.lines[at - 1]?.subject
  const rows = [
    ...status.lines.map((line, at) => (isFurther(line, at) ? { ...line, subject: '' } : line)),
    {
      subject: 'doctor',
      state: status.worst,
      text: summary(status),
      remedy: findings(status) > 0 ? 'patchbay doctor' : '',
    },
  ]
  return table(
    page,
    [
      {
        title: 'STATE',
        cell: ({ state, subject }) => (subject === '' ? '' : { text: state, colour: colours[state] }),
      },
      { title: 'WHAT', cell: ({ subject }) => subject },
      { title: 'IS', cell: ({ text }) => text, wraps: true },
      { title: 'REMEDY', cell: ({ remedy }) => remedy },
    ],
    rows,
  )
}

/** All in one line. */
export function brief({ width, paint }: Page, status: Status): string {
  const { worst: state, attachments, runtimes, lists } = status
  const running = runtimes.find((one) => one.running) ?? runtimes[0]
  const facts = [
    running ? `${running.name} ${running.version ?? ''}`.trim() : 'no runtime',
    `${lists.length} ${lists.length === 1 ? 'list' : 'lists'}`,
    `${attachments.live} attachments live`,
    summary(status),
  ]
  const text = cut(plain(facts.join(', ').slice(0, 2000)), (width ?? 200) - state.length - 2)
  return `${paint(colours[state], state)}: ${text}`
}

const findings = ({ findings: { error, warning, leak } }: Status) => error + warning + leak

function summary({ findings: counts }: Status): string {
  const words = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}${count > 1 ? 's' : ''}`)
  return words.join(', ') || 'no finding'
}
