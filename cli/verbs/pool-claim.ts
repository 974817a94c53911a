/** `patchbay pool claim`: what plugins run when a network has no address left. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'

export const poolClaim: Verb = {
  summary: 'claims blocks of a pool for a network of this host',
  text: [
    'Plugins run it for an ADD that has no address left. Standard input is JSON: network, dataDir, pool, families (4, 6), addresses, and store, whose default is /etc/patchbay/store.json. The answer is JSON: what was claimed, or an error as plugins print it.',
  ],
  hidden: true,
  example: { call: 'pool claim < /tmp/needs.json', does: 'claim a block by hand' },
  run: (call) => work.claim(call),
}
