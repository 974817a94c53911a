/** `patchbay complete`: what can follow the words of a command line. The shells' completion calls it. */

import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { namedNamespaces } from '../../shared/kernel/named-namespace.ts'
import { complete as completion } from '../form/complete.ts'
import type { Names, Status, Verb } from '../form/verb.ts'
import { lookAtHost } from '../host/look.ts'

export const complete: Verb = {
  summary: "prints what can follow the words of a command line, for the shells' completion",
  text: [
    'A line for each word, a tab, and what it means. `:file` and `:directory`: the shell completes names of files.',
  ],
  words: [
    { name: 'WORD', means: 'The line; the last word is the one to complete.', count: 'any', raw: true },
  ],
  hidden: true,
  example: { call: 'complete -- gc --d', does: 'which flags of gc are there?' },
  async run({ words, verbs, plugins, out }): Promise<Status> {
    const { candidates, names } = await completion(words, verbs)
    for (const { word, means } of candidates) out(`${word}\t${means}`)
    if (names === 'file' || names === 'directory') out(`:${names}`)
    else if (names === 'plugin') for (const name of Object.keys(plugins)) out(name)
    else if (names) for (const name of namesOfHost(names)) if (isOneWord(name)) out(name)
    return 0
  },
}

/** A shell cannot take others as they are. */
const isOneWord = (name: string) => /^[\w.:@/-]{1,200}$/.test(name)

function namesOfHost(names: Exclude<Names, readonly string[]>): Iterable<string> {
  if (names === 'namespace') return readDirectoryIfAny(namedNamespaces).map(({ name }) => name)
  const { containers, configurations } = lookAtHost(() => {})
  if (names === 'container') return containers.map(({ id }) => id)
  const used = containers.flatMap(({ attachments }) => attachments.map(({ network }) => network))
  return new Set([...used, ...configurations.configured.map(({ network }) => network)])
}
