/** What `patchbay pool recover -o json` prints. */

import { array, boolean, strictObject as object, enum as oneOf, string } from 'zod'

export const answer = object({
  state: oneOf(['open', 'closed', 'new']).describe(
    'closed: etcd was restored, and no host claims. new: no host has claimed yet.',
  ),
  since: string().optional().describe('ISO 8601 in UTC, by the clock of the host that noticed.'),
  opened: boolean().describe('Whether this call has opened it.'),
  hosts: array(
    object({
      host: string(),
      confirmed: boolean().describe('Whether it has written down once more what it holds.'),
      seen: string().optional(),
    }),
  ),
  left: array(string()).describe('Names of hosts that are gone, and whose release was cut short.'),
})
