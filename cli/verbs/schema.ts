/** `patchbay schema`: JSON Schemas for editors. */

import type { Verb } from '../form/verb.ts'
import { schemaOf } from '../lists/schema.ts'

export const schema: Verb = {
  summary: 'prints the JSON Schema of a plugin, or of a whole list, for editors',
  text: [
    'The schema of `list` picks that of each plugin by its type. It does not know that keys match in any case, nor rules between keys: validate knows both.',
  ],
  words: [
    {
      name: 'TYPE',
      means: 'A plugin, or `list` for a file of type .conflist.',
      count: 'one',
      names: 'plugin',
    },
  ],
  answers: true,
  example: { call: 'schema list', does: 'a schema by which an editor completes and checks .conflist files' },
  async run({ words: [type = ''], plugins }) {
    const data = await schemaOf(type, plugins)
    return { data, text: () => JSON.stringify(data, null, 2) }
  },
}
