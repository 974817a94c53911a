/** What `patchbay test -o json` prints. */

import { array, strictObject as object, enum as oneOf, string } from 'zod'

export const answer = object({
  network: string(),
  kept: array(string()).describe('The namespaces that stay, with --keep: patchbay netns down removes each.'),
  checks: array(
    object({
      check: string().describe('As "ping IPv4", "MTU IPv6", "CHECK", "DEL".'),
      outcome: oneOf(['passed', 'failed', 'not applicable', 'planned']).describe(
        'planned: with --dry-run it would be made.',
      ),
      reason: string(),
    }),
  ),
})
