/** What `patchbay netns up -o json` prints. */

import { array, strictObject as object, enum as oneOf, string } from 'zod'

export const answer = object({
  name: string().describe('As in ip netns.'),
  namespace: string().describe('Its path.'),
  container: string().describe("The container ID in libcni's cache."),
  attachments: array(
    object({
      network: string(),
      interface: string(),
      state: oneOf(['added', 'there']).describe(
        'there: it was attached before. added: with --dry-run it would be.',
      ),
      addresses: array(string()).describe('With prefix lengths.'),
    }),
  ).describe('In the order of the words.'),
})
