/** What `patchbay pool create -o json` prints. */

import { strictObject as object, enum as oneOf, string } from 'zod'
import { pool } from './pool.ts'

export const answer = object({
  name: string(),
  outcome: oneOf(['created', 'present', 'would be created']).describe(
    'present: there is this very pool already.',
  ),
  pool,
})
