/** `patchbay explain`: what a key of a configuration means. */

import type { Verb } from '../form/verb.ts'
import { explain as explainKey, explanation } from '../lists/explain.ts'

export const explain: Verb = {
  summary: 'tells what a key of a configuration means: type, default, plugins, since when, example',
  words: [
    {
      name: 'KEY',
      means:
        'A key, as `hairpinMode` or `ipam.ranges`; with its plugin, as `bridge.hairpinMode`; a plugin, for all of its own keys; or a part of a key, as `hairpin`.',
      count: 'one',
      names: 'plugin',
    },
  ],
  answers: true,
  example: { call: 'explain hairpinMode', does: 'what is this key that I found in a file?' },
  async run({ words: [word = ''], plugins }) {
    const data = await explainKey(word, plugins)
    return { data, text: (page) => explanation(data, Object.keys(plugins).length, page) }
  },
}
