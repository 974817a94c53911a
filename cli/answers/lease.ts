/** A lease of DHCP in the JSON of several verbs. */

import { array, number, strictObject as object, string } from 'zod'

const time = () => number().optional()

export const lease = object({
  family: number().describe('4 or 6.'),
  server: string().describe('Its address; of DHCPv6 its DUID, hexadecimal.'),
  addresses: array(string()).describe('Of IPv4 with the prefix length.'),
  renew: time().describe('Seconds until the server is asked to extend it (T1); negative: since then.'),
  rebind: time().describe('Seconds until any server is asked (T2).'),
  expire: time().describe('Seconds until it ends. Absent: never.'),
  clientId: string()
    .optional()
    .describe('What the server knows the container by, hexadecimal: option 61, or the DUID.'),
  hostname: string().optional().describe('The name that the container has told the server.'),
})
