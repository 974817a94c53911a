/** `patchbay help`: all verbs, or one. */

import { misuse } from '../form/arguments.ts'
import { helpOf, overview } from '../form/help.ts'
import { pageOf } from '../form/page.ts'
import type { Status, Verb } from '../form/verb.ts'

const STDOUT = 1

export const help: Verb = {
  summary: 'shows all verbs, or the words and flags of one',
  words: [{ name: 'VERB', means: 'The verb; it may have two words, as `ipam ls`.', count: 'any' }],
  example: { call: 'help gc', does: 'what does gc do, and which words does it take?' },
  async run({ words, verbs, plugins, out }): Promise<Status> {
    const name = words.join(' ')
    const page = pageOf(STDOUT)
    const load = Object.hasOwn(verbs, name) ? verbs[name] : undefined
    if (!load && name !== '') throw misuse(`no verb ${JSON.stringify(name)}`, 'patchbay help')
    out(load ? helpOf(name, await load(), page) : await overview(verbs, Object.keys(plugins), page))
    return 0
  },
}
