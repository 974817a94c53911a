/** What `patchbay schema -o json` prints: a JSON Schema, draft 2020-12. */

import { literal, looseObject, string } from 'zod'

export const answer = looseObject({
  $schema: literal('https://json-schema.org/draft/2020-12/schema'),
  title: string(),
  type: literal('object'),
  properties: looseObject({}),
})
