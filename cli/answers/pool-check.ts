/** What `patchbay pool check -o json` prints. */

import { array, number, strictObject as object, enum as oneOf, string } from 'zod'

export const answer = object({
  checked: object({
    pools: number(),
    hosts: number(),
    blocks: number(),
    singles: number(),
    networks: number().describe('Of this host, that hold blocks.'),
  }).describe('What was compared.'),
  findings: array(
    object({
      kind: oneOf([
        'bad-value',
        'closed',
        'unconfirmed',
        'unknown-pool',
        'unknown-host',
        'outside',
        'overlapping',
        'unanswered',
        'ownerless',
        'damaged-file',
        'disputed',
        'lost',
        'forgotten',
        'pending',
        'former-pool',
        'unheld-address',
      ]).describe(
        'bad-value: a key of the store is not as it should be. closed: no block is claimed until all hosts have confirmed theirs. unconfirmed: this host has not. unknown-pool, unknown-host: of a block or single. outside: of the ranges of its pool, or of another size. overlapping: two blocks. unanswered: a single that was asked for more than ten minutes ago. ownerless: a single in a block that its owner does not hold. The others are about files of this host. disputed: another host has the block. lost: the store has no such block. forgotten: the store has it, no file. pending: a claim or return without an answer. former-pool: the pool was made anew. unheld-address: reserved, in no block of the network.',
      ),
      subject: string().describe('The key, file, host, block or address.'),
      means: string(),
      mend: string().describe('What to do.'),
    }),
  ),
})
