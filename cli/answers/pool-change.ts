/** What `patchbay pool change -o json` prints. */

import { array, number, strictObject as object, enum as oneOf, string } from 'zod'
import { heldBlock, pool } from './pool.ts'

export const answer = object({
  name: string(),
  outcome: oneOf(['changed', 'present', 'would be changed']).describe('present: the pool is so already.'),
  pool: pool.describe('As it is now, or would be.'),
  families: array(
    object({
      family: number().describe('4 or 6.'),
      gained: number().describe('Addresses that can be given now. Above 2^53 not exact.'),
      lost: number().describe('Addresses that cannot be given any more.'),
    }),
  ).describe('Those that change.'),
  outside: array(heldBlock).describe(
    'Blocks outside of the ranges: they go back when their last container ends.',
  ),
})
