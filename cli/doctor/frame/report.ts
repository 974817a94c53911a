/** The findings as a text for people: what it is, the cause, what was read, and the commands that mend it. */

import { shortened } from '../../../shared/error/error.ts'
import { plain } from '../../../shared/error/log.ts'
import type { Colour, Page } from '../../form/page.ts'
import { wrapped } from '../../form/table.ts'
import type { Found, Severity } from './fault.ts'

const colours: Readonly<Record<Severity, Colour>> = { error: 'red', warning: 'yellow', leak: 'cyan' }

/** One block for each finding, an empty line between two. */
export function report(page: Page, found: readonly Found[]): string {
  return found.map((one) => blockOf(page, one)).join('\n\n')
}

function blockOf(page: Page, { severity, title, subject, cause, evidence, mend }: Found): string {
  const head = `${page.paint(colours[severity], `${severity}:`)} ${page.paint('bold', title)}: ${short(subject)}`
  return [
    head,
    wrapped(short(cause), page.width, '  '),
    ...evidence.map(({ where, value }) => `  read: ${short(where)}: ${short(value)}`),
    ...mend.map((command) => `  mend: ${page.paint('green', pasted(command))}`),
  ].join('\n')
}

/** In characters: a name may have megabytes. */
const longest = 300

const short = (text: string) => shortened(plain(text.slice(0, longest * 4)), longest)

/** A command is never cut: half of it does something else. */
const longestCommand = 5000

/** Nor is a character of it replaced: it would do it to another file. */
function pasted(command: string): string {
  if (command.length > longestCommand)
    return '(the command has a name that is too long to print: see -o json)'
  return plain(command) === command
    ? command
    : '(the command has a name with characters that cannot be printed: see -o json)'
}
