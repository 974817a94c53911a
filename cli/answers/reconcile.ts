/** What `patchbay reconcile -o json` prints. */

import { array, strictObject as object, string } from 'zod'

export const answer = array(
  object({
    file: string().describe('The configuration.'),
    device: string(),
    done: array(string()).describe('What was changed.'),
  }),
)
