/** A pool's definition, and addresses by family, in the JSON of several verbs. */

import { array, boolean, number, strictObject as object, string } from 'zod'

export const pool = object({
  ranges: array(string()).describe('In the form of `pool create --range`.'),
  blockSize: object({ ipv4: number(), ipv6: number() }).describe('Prefix lengths.'),
  closing: boolean().describe('It is being deleted: no new address is given.'),
})

/** What a host holds. */
export const heldBlock = object({ host: string(), network: string(), block: string() })
