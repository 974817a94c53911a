/** What `patchbay reapply -o json` prints. */

import { array, strictObject as object, string } from 'zod'

export const answer = array(
  object({
    network: string(),
    container: string(),
    interface: string(),
    feature: string().describe('ipMasq, macspoofchk, portmap or firewall'),
    error: string().optional().describe('Why it could not be restored.'),
  }),
)
