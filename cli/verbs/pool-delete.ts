/** `patchbay pool delete`: takes a pool away. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'
import { dryRun, poolWord, storeFlag } from '../pool/flags.ts'

export const poolDelete: Verb = {
  summary: 'deletes a pool of which no host holds a block',
  text: [
    'While hosts hold blocks it is refused, and names them. With --close the pool gives no new address, and hosts give their blocks back when these are empty: delete it then.',
  ],
  words: [poolWord],
  flags: {
    '--close': { takes: 'none', means: 'Mark the pool as closing, and keep it while blocks are claimed.' },
    ...dryRun,
    ...storeFlag,
  },
  answers: true,
  example: { call: 'pool delete blue --close', does: 'let the containers of the pool run out' },
  run: (call) => work.delete(call),
}
