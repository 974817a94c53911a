/** What `patchbay pool release -o json` prints. */

import { array, boolean, number, strictObject as object, enum as oneOf, string } from 'zod'
import { heldBlock } from './pool.ts'

export const answer = object({
  host: string(),
  outcome: oneOf(['released', 'would be released', 'needs --yes', 'unknown']).describe(
    'unknown: the store has nothing of a host of this name, or, with --earlier, of an earlier installation of it.',
  ),
  registered: boolean().describe('Whether the store has its ID.'),
  seen: string().optional().describe('When it has written last, by its own clock. ISO 8601 in UTC.'),
  warnings: array(string()).describe('Why it may not be gone.'),
  blocks: array(heldBlock.extend({ pool: string() })),
  singles: array(object({ pool: string(), address: string(), network: string() })),
  peers: number().describe('Keys of its VTEPs and neighbours.'),
})
