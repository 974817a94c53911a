/** What `patchbay pool delete -o json` prints. */

import { array, number, strictObject as object, enum as oneOf, string } from 'zod'

export const answer = object({
  name: string(),
  outcome: oneOf(['deleted', 'closing', 'would be deleted', 'would be closing']).describe(
    'closing: hosts give their blocks back when these are empty; call it again then.',
  ),
  holders: array(object({ host: string(), blocks: number(), singles: number() })).describe(
    'Hosts that hold blocks, or addresses in blocks of others.',
  ),
})
