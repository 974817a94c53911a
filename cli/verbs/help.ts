/** `patchbay help`: all verbs, or one. */

import { misuse } from '../form/arguments.ts'
import { helpOf, listing, overview } from '../form/help.ts'
import { pageOf } from '../form/page.ts'
import type { Status, Verb } from '../form/verb.ts'

const STDOUT = 1

export const help: Verb = {
  summary: 'shows all verbs, or the words and flags of one',
  words: [
    {
      name: 'VERB',
      means:
        'The verb; it may have two words, as `ipam ls`. Of two words, the first alone shows all that begin with it.',
      count: 'any',
    },
  ],
  example: { call: 'help gc', does: 'what does gc do, and which words does it take?' },
  async run({ words, verbs, plugins, out }): Promise<Status> {
    const name = words.join(' ')
    const page = pageOf(STDOUT)
    const load = Object.hasOwn(verbs, name) ? verbs[name] : undefined
    const group = Object.fromEntries(Object.entries(verbs).filter(([verb]) => verb.startsWith(`${name} `)))
    if (name !== '' && Object.keys(group).length > 0) {
      out(await listing(group, page))
      return 0
    }
    if (!load && name !== '') throw misuse(`no verb ${JSON.stringify(name)}`, 'patchbay help')
    out(load ? helpOf(name, await load(), page) : await overview(verbs, Object.keys(plugins), page))
    return 0
  },
}
