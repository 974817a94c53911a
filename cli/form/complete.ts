/** What can follow the words of a command line: the shells' completion asks this executable, so it is never out of date. */

import { flagsOf, visible } from './help.ts'
import type { Flag, Names, Verb, Verbs, Word } from './verb.ts'

/** A word that can follow, and what it means. */
export interface Candidate {
  word: string
  means: string
}

/** What can follow: candidates, and a kind of name that others know, such as `file` or `network`. */
export interface Completion {
  candidates: Candidate[]
  names?: Extract<Names, string>
}

/**
 * What can stand for the last word of a line.
 * @param line the words behind `patchbay`; the last is the one to complete, and may be empty
 */
export async function complete(line: readonly string[], verbs: Verbs): Promise<Completion> {
  // bash makes words of their own of `=` and of what stands on its sides.
  const last = line.at(-1) === '=' ? '' : (line.at(-1) ?? '')
  const before = line.slice(0, -1).filter((word) => word !== '=')
  const name = nameIn(before, verbs)
  const load = name === undefined ? undefined : verbs[name]
  if (name === undefined || !load) return { candidates: await nextOfName(before, verbs) }
  const given = before.slice(name.split(' ').length)
  return ofVerb(await load(), given, last)
}

/** The verb that the words begin with. */
function nameIn([first = '', second = '']: readonly string[], verbs: Verbs): string | undefined {
  return [`${first} ${second}`, first].find((name) => Object.hasOwn(verbs, name))
}

/** The verbs that the words begin, each group once. */
async function nextOfName(before: readonly string[], verbs: Verbs): Promise<Candidate[]> {
  const next = new Map<string, string>()
  for (const [name, { summary }] of await visible(verbs)) {
    const words = name.split(' ')
    const word = before.every((one, at) => words[at] === one) ? words[before.length] : undefined
    if (word !== undefined && !next.has(word)) next.set(word, summary)
  }
  return [...next].map(([word, means]) => ({ word, means }))
}

function ofVerb(verb: Verb, given: readonly string[], last: string): Completion {
  const flags = flagsOf(verb)
  const byName = (word = '') =>
    Object.entries(flags).find(([long, { short }]) => word === long || word === `-${short}`)?.[1]
  const flag = byName(given.at(-1))
  if (flag?.takes === 'one' || flag?.takes === 'many') return ofNames(flag)
  if (last.startsWith('-'))
    return { candidates: Object.entries(flags).map(([word, { means }]) => ({ word, means })) }
  return ofNames(wordAt(verb, given))
}

/** The declaration of the word that comes next. Values of flags count as words here: the shell then offers less, not wrongly. */
function wordAt({ words = [] }: Verb, given: readonly string[]): Word | undefined {
  const at = given.filter((word) => !word.startsWith('-')).length
  const last = words.at(-1)
  return words[at] ?? (last?.count === 'many' || last?.count === 'any' ? last : undefined)
}

function ofNames(one: Pick<Flag, 'names'> | undefined): Completion {
  const names = one?.names ?? []
  if (typeof names === 'string') return { candidates: [], names }
  return { candidates: names.map((word) => ({ word, means: '' })) }
}
