/** Tells what a key is: meaning, type, default, where and since when it exists, an example. */

import type * as z from 'zod'
import type { Registry } from '../../shared/cni/plugin.ts'
import type { answer } from '../answers/explain.ts'
import type { Page } from '../form/page.ts'
import { table, wrapped } from '../form/table.ts'
import { type Key, keysFor } from './keys.ts'
import { sampleOf } from './sample.ts'

export type Explained = z.infer<typeof answer>

/** @throws CniError for a word that is no key */
export async function explain(word: string, registry: Registry): Promise<Explained> {
  return (await keysFor(word, registry)).map(explained)
}

function explained(found: Key): Explained[number] {
  const { key, meaning, plugins, reference, isRequired, since } = found
  const sample = sampleOf(found)
  return {
    ...{ key, meaning, type: found.type.replaceAll('`', ''), required: isRequired },
    ...(found.default !== undefined && { default: found.default }),
    ...{ plugins, since, reference },
    ...(sample && { example: sample }),
  }
}

/** A narrower page has no room for a table of keys, columns. */
const enoughForTable = 100

/** More keys than these are not told with all that is known of them. */
const few = 5

/** Many keys as a table where there is room, few as paragraphs. @param all the number of all plugins */
export function explanation(keys: Explained, all: number, page: Page): string {
  if (keys.length <= few) return keys.map((one) => paragraph(one, all, page)).join('\n\n')
  if ((page.width ?? enoughForTable) < enoughForTable)
    return keys.map((one) => short(one, all, page)).join('\n')
  return table(
    page,
    [
      { title: 'KEY', cell: ({ key }) => key },
      { title: 'TYPE', cell: ({ type }) => type },
      { title: 'DEFAULT', cell: (one) => defaultWord(one) },
      { title: 'PLUGINS', cell: ({ plugins }) => pluginWords(plugins, all), wraps: true },
      { title: 'MEANING', cell: ({ meaning }) => meaning, wraps: true },
    ],
    keys,
  )
}

/** Two lines and more, for a narrow page. */
function short(one: Explained[number], all: number, page: Page): string {
  const of = pluginWords(one.plugins, all)
  return `${page.paint('bold', one.key)}\n${wrapped(`${of}: ${one.meaning}`, page.width, '  ')}`
}

function paragraph(one: Explained[number], all: number, page: Page): string {
  const { key, meaning, type, plugins, since, reference, example } = one
  const file = example?.file ? `   from conf-examples/${example.file}` : ''
  const facts = [
    ['type', type],
    ['default', defaultWord(one)],
    ['plugins', pluginWords(plugins, all)],
    ['since', since],
    ['reference', reference.length > 0 ? `the reference has it, too, in ${reference.join(', ')}` : ''],
    ['example', example ? `${JSON.stringify(example.plugin)}${file}` : ''],
  ]
  const lines = facts
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `  ${`${name}:`.padEnd(11)}${fitted(`${text}`, page.width)}`)
  return [page.paint('bold', key), wrapped(meaning, page.width, '  '), ...lines].join('\n')
}

/** JSON stays in one line: it is to be copied. */
function fitted(text: string, width: number | undefined): string {
  return text.startsWith('{') ? text : wrapped(text, width, ' '.repeat(13)).trimStart()
}

function defaultWord({ required, default: value }: Explained[number]): string {
  if (required) return 'none, it is required'
  return value === undefined ? '' : JSON.stringify(value)
}

function pluginWords(plugins: readonly string[], all: number): string {
  return plugins.length === all ? 'all' : plugins.join(', ')
}
