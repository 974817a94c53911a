/** What `patchbay ipam ls -o json` prints. */

import { array, number, strictObject as object, string } from 'zod'
import { heldLease } from './held-lease.ts'
import { holder } from './holder.ts'

export const answer = object({
  ranges: array(
    object({
      network: string(),
      directory: string(),
      range: string().describe('First and last address; several parts with a comma.'),
      pool: string()
        .optional()
        .describe(
          'The ranges are blocks that the network holds of this pool: it claims more when they are full.',
        ),
      subnets: array(string()),
      gateways: array(string()),
      size: number().describe('Addresses that can be given. Above 2^53 not exact.'),
      used: number(),
      free: number(),
      percent: number(),
    }),
  ),
  holders: array(holder),
  leases: array(heldLease).describe('Addresses of DHCP servers that containers of this host have.'),
})
