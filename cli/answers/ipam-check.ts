/** What `patchbay ipam check -o json` prints. */

import {
  array,
  discriminatedUnion,
  literal,
  number,
  strictObject as object,
  enum as oneOf,
  string,
} from 'zod'
import { holder } from './holder.ts'

const having = object({
  network: string(),
  container: string(),
  interface: string().optional(),
  pod: string().optional(),
  namespace: string().optional(),
  by: array(oneOf(['store', 'cache', 'kernel'])).describe(
    "What says so: host-local's file, the runtime's cache, the kernel in the namespace.",
  ),
})

export const answer = object({
  checked: object({ addresses: number(), containers: number() }).describe('What was compared.'),
  findings: array(
    discriminatedUnion('kind', [
      object({
        kind: literal('leaked').describe('Held, and its container has ended.'),
        holder,
        usedBy: array(having).describe(
          'Live containers that have the address all the same: it is not released.',
        ),
      }),
      object({
        kind: oneOf(['duplicate', 'unrecorded']).describe(
          'duplicate: several live containers of one segment have it. unrecorded: in a container, without a file of host-local.',
        ),
        address: string(),
        network: string(),
        containers: array(having),
      }),
    ]),
  ),
  report: string().optional().describe('The file that was written, for patchbay ipam release --from.'),
})
