/** What `patchbay netns down -o json` prints. */

import { array, boolean, strictObject as object, string } from 'zod'

export const answer = object({
  name: string().describe('As in ip netns.'),
  namespace: string().describe('Its path.'),
  existed: boolean().describe('false: there was nothing to remove.'),
  attachments: array(object({ network: string(), container: string(), interface: string() })).describe(
    'What was deleted; with --dry-run it would be.',
  ),
})
