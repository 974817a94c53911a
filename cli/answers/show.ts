/** What `patchbay show -o json` prints. */

import { array, boolean, number, strictObject as object, enum as oneOf, string } from 'zod'
import { attachment, life } from './attachment.ts'
import { lease } from './lease.ts'

const now = object({
  name: string(),
  kind: string().optional(),
  mac: string(),
  mtu: number(),
  up: boolean(),
  addresses: array(string()),
  routes: array(string()).describe('Of the main table: destination, and `via` its gateway.'),
})

export const answer = object({
  container: string(),
  pod: string().optional(),
  life,
  namespace: string().optional().describe('The path of the network namespace.'),
  inode: string().optional().describe('Of the namespace.'),
  attachments: array(
    attachment.extend({
      gateways: array(string()),
      routes: array(string()).describe(
        'Of the result of ADD; of DHCP those that the server has given since.',
      ),
      leases: array(lease).describe('Of DHCP servers, by the journal.'),
      hostEnd: object({ name: string(), mac: string(), mtu: number(), up: boolean() }).optional(),
      rules: array(object({ feature: string(), does: string() })).describe('By the records of the plugins.'),
      limits: array(
        object({
          direction: oneOf(['ingress', 'egress']),
          rate: number().describe('Bits per second.'),
          burst: number().optional().describe('Bits.'),
        }),
      ),
      cache: string().optional().describe("The entry in the runtime's cache."),
      records: array(string()).describe('The files of Patchbay that name it.'),
      now: now
        .optional()
        .describe('What the kernel has in the namespace. Absent: it is gone, or cannot be entered.'),
    }),
  ),
})
