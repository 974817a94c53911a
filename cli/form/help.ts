/** The text of `--help`, for one verb and for all. */

import { version } from '../../shared/version.ts'
import { formats } from './answer.ts'
import type { Page } from './page.ts'
import { wrapped } from './table.ts'
import type { Flag, Flags, Verb, Verbs, Word } from './verb.ts'

/** Flags that each verb takes. */
const helpFlag: Flags = { '--help': { takes: 'none', short: 'h', means: 'Show this help.' } }

/** Flags of verbs that answer. */
const answerFlags: Flags = {
  '--output': {
    ...{ takes: 'one', short: 'o', value: 'FORMAT', names: formats },
    means: `How the answer is written: ${formats.join(', ')}. Default: table, a text for people.`,
  },
}

/** All flags of a verb. */
export function flagsOf(verb: Verb): Flags {
  return { ...verb.flags, ...(verb.answers && answerFlags), ...helpFlag }
}

/** A verb's call in one line: `patchbay gc [NETWORK] [--dry-run]`. */
export function synopsis(name: string, verb: Verb): string {
  const flags = Object.entries({ ...verb.flags, ...(verb.answers && answerFlags) })
  return [
    'patchbay',
    name,
    ...(verb.words ?? []).map(wordShape),
    ...flags.map(([flag, one]) => `[${flagShape(flag, one)}]`),
  ].join(' ')
}

function wordShape({ name, count }: Word): string {
  return { one: name, optional: `[${name}]`, many: `${name}…`, any: `[${name}…]` }[count]
}

/** @param name the flag's long name; the short one is shown where there is one */
function flagShape(name: string, { takes, value = 'VALUE', short }: Flag): string {
  const flag = short ? `-${short}` : name
  return { none: flag, one: `${flag} ${value}`, optional: `${flag}[=${value}]`, many: `${flag} ${value}…` }[
    takes
  ]
}

/** What `patchbay VERB --help` prints. */
export function helpOf(name: string, verb: Verb, { width, paint }: Page): string {
  const title = (text: string) => paint('bold', text)
  const entry = (left: string, right: string) => `  ${left}\n${wrapped(right, width, '      ')}`
  const words = (verb.words ?? []).map((word) => entry(word.name, word.means))
  const flags = Object.entries(flagsOf(verb)).map(([flag, one]) => entry(flagLine(flag, one), one.means))
  return [
    wrapped(`patchbay ${name}: ${verb.summary}`, width).replace(`patchbay ${name}`, title),
    `${title('usage:')}\n${inUnits(synopsis(name, verb), width)}`,
    ...(verb.text ?? []).map((paragraph) => wrapped(paragraph, width)),
    ...(words.length > 0 ? [`${title('words:')}\n${words.join('\n')}`] : []),
    `${title('flags:')}\n${flags.join('\n')}`,
    `${title('example:')} ${verb.example.does}\n  patchbay ${verb.example.call}`,
    wrapped('exit status: 0 fine, 1 a failure or a finding, 2 a wrong command line', width),
  ].join('\n\n')
}

/** A flag and its value stay in one line. */
function inUnits(line: string, width: number | undefined): string {
  const held = line.replace(/\[[^\]]*\]/g, (unit) => unit.replaceAll(' ', '\u00a0'))
  return wrapped(held, width, '  ').replaceAll('\u00a0', ' ')
}

/** A flag with its short name and its value. */
export function flagLine(name: string, flag: Flag): string {
  const long = flagShape(name, { ...flag, short: undefined })
  return flag.short ? `-${flag.short}, ${long}` : long
}

/** What `patchbay help` prints: each verb with its summary. */
export async function overview(verbs: Verbs, plugins: readonly string[], page: Page): Promise<string> {
  const closing = `Container network plugins in one executable (${version}). A container runtime calls it by any name that contains a plugin's, as a link to this file or a copy: ${[...plugins].sort().join(', ')}`
  return [
    `usage: patchbay VERB [WORD…] [FLAG…]\n       patchbay VERB --help`,
    await listing(verbs, page),
    wrapped(closing, page.width),
  ].join('\n\n')
}

/** Each verb that is for people, with its summary. */
export async function listing(verbs: Verbs, { width, paint }: Page): Promise<string> {
  const shown = await visible(verbs)
  const longest = Math.max(...shown.map(([name]) => name.length))
  const line = ([name, { summary }]: (typeof shown)[number]) => {
    const text = wrapped(summary, width, ' '.repeat(longest + 4)).trimStart()
    return `  ${paint('bold', name)}${' '.repeat(longest + 2 - name.length)}${text}`
  }
  return shown.map(line).join('\n')
}

/** The verbs that are for people, with their declarations. */
export async function visible(verbs: Verbs): Promise<[name: string, verb: Verb][]> {
  const loaded = await Promise.all(
    Object.entries(verbs).map(async ([name, load]): Promise<[string, Verb]> => [name, await load()]),
  )
  return loaded.filter(([, { hidden }]) => !hidden)
}
