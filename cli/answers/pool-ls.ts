/** What `patchbay pool ls -o json` prints. */

import { array, boolean, number, strictObject as object, string } from 'zod'

export const answer = array(
  object({
    name: string(),
    ranges: array(string()).describe('In the form of `pool create --range`.'),
    closing: boolean().describe('It is being deleted: no new address is given.'),
    hosts: number().describe('That hold blocks of it.'),
    families: array(
      object({
        family: number().describe('4 or 6.'),
        blockSize: number().describe('Prefix length.'),
        blocks: object({
          claimed: number(),
          total: number().describe('Above 2^53 not exact, as all numbers here.'),
        }),
        addresses: object({
          total: number().describe('That the ranges have for containers.'),
          claimed: number().describe('In blocks that hosts hold.'),
        }),
      }),
    ),
    here: object({
      blocks: number(),
      addresses: number().describe('That containers have.'),
    }).describe('What this host holds: of others the store does not know which addresses containers have.'),
  }),
)
