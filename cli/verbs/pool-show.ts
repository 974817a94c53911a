/** `patchbay pool show`: which host holds what of a pool. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'
import { poolWord, storeFlag } from '../pool/flags.ts'

export const poolShow: Verb = {
  summary: 'shows which hosts hold which blocks of a pool, or which has an address',
  text: [
    'SINCE and SEEN are by the clocks of the hosts that wrote them. A block belongs to one network of a host, until that gives it back.',
  ],
  words: [
    poolWord,
    { name: 'ADDRESS', means: 'The host and network that may give this address.', count: 'optional' },
  ],
  flags: storeFlag,
  answers: true,
  example: { call: 'pool show blue 10.1.0.77', does: 'on which host is the container with this address?' },
  run: (call) => work.show(call),
}
