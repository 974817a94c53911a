/** What `patchbay ipam release -o json` prints. */

import { array, strictObject as object, enum as oneOf, string } from 'zod'

export const answer = array(
  object({
    address: string(),
    network: string(),
    container: string(),
    interface: string().optional(),
    outcome: oneOf(['released', 'kept', 'gone', 'lives', 'failed']).describe(
      'released: with --dry-run it would be. kept: by its sticky key, for the next container of the pod. gone: free by now, or held by another container. lives: the container lives, or may live; nothing was done.',
    ),
  }),
)
