/** Tells what a key is: meaning, type, default, where it exists, an example. */

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
  const { key, meaning, plugins, reference, isRequired } = found
  const sample = sampleOf(found)
  return {
    ...{ key, meaning, type: found.type.replaceAll('`', ''), required: isRequired },
    ...(found.default !== undefined && { default: found.default }),
    ...{ plugins, reference },
    ...(sample && { example: sample }),
  }
}

/** A narrower page has no room for a table of keys, columns. */
const enoughForTable = 100

/** Many keys as a table where there is room, few as paragraphs. @param all the number of all plugins */
export function explanation(keys: Explained, all: number, page: Page): string {
  if (keys.length > 5 && (page.width ?? enoughForTable) >= enoughForTable)
    return table(
      page,
      [
        { title: 'KEY', cell: ({ key }) => key },
        { title: 'TYPE', cell: ({ type }) => type },
        { title: 'DEFAULT', cell: (one) => defaultWord(one) },
        { title: 'PLUGINS', cell: ({ plugins }) => pluginWords(plugins, all) },
        { title: 'MEANING', cell: ({ meaning }) => meaning, wraps: true },
      ],
      keys,
    )
  return keys.map((one) => paragraph(one, all, page)).join('\n\n')
}

function paragraph(one: Explained[number], all: number, page: Page): string {
  const { key, meaning, type, plugins, reference, example } = one
  const file = example?.file ? `   from conf-examples/${example.file}` : ''
  const facts = [
    ['type', type],
    ['default', defaultWord(one)],
    ['plugins', pluginWords(plugins, all)],
    ['reference', reference.length > 0 ? `the reference has it, too, in ${reference.join(', ')}` : ''],
    ['example', example ? `${JSON.stringify(example.plugin)}${file}` : ''],
  ]
  const lines = facts
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `  ${`${name}:`.padEnd(11)}${text}`)
  return [page.paint('bold', key), wrapped(meaning, page.width, '  '), ...lines].join('\n')
}

function defaultWord({ required, default: value }: Explained[number]): string {
  if (required) return 'none, it is required'
  return value === undefined ? '' : JSON.stringify(value)
}

function pluginWords(plugins: readonly string[], all: number): string {
  return plugins.length === all ? 'all' : plugins.join(', ')
}
