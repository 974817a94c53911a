/** What `patchbay explain -o json` prints. */

import { array, boolean, looseObject, strictObject as object, string, unknown } from 'zod'

export const answer = array(
  object({
    key: string().describe('`[]` is any element of a list.'),
    meaning: string(),
    type: string(),
    required: boolean(),
    default: unknown().optional(),
    plugins: array(string()),
    since: string().describe('The release of Patchbay that has the key first.'),
    reference: array(string()).describe("Those of the plugins in which the reference's have the key, too."),
    example: object({
      plugin: looseObject({}),
      file: string().optional().describe('The network of conf-examples that it is from.'),
    }).optional(),
  }),
)
