/** What `patchbay gc -o json` prints. */

import { array, strictObject as object, enum as oneOf, string } from 'zod'
import { outcomes } from '../host/collect.ts'

export const answer = array(
  object({
    network: string(),
    container: string(),
    interface: string(),
    outcome: oneOf(outcomes).describe(
      'lives and unknown: keeps all. deleted: with --dry-run it would be. foreign: a plugin of another project would do it.',
    ),
  }),
)
