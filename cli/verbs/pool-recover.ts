/** `patchbay pool recover`: the roll call after etcd was restored. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'
import { storeFlag } from '../pool/flags.ts'

export const poolRecover: Verb = {
  summary: 'shows which hosts have confirmed their blocks since etcd was restored, and opens it',
  text: [
    'A backup does not know the blocks that were claimed since. So no host claims one until each has written down once more what it holds: the agent does it within ten minutes, a host without agent at its next claim. When all have confirmed, open the store with --open.',
    'Hosts that joined after the backup are not in the list until they confirm: wait for those, too, or their blocks may be given to others.',
  ],
  flags: {
    '--open': {
      takes: 'none',
      means:
        'Let hosts claim again. Refused while a host of the list has not confirmed: release it, if it is gone for ever.',
    },
    ...storeFlag,
  },
  answers: true,
  example: { call: 'pool recover', does: 'which hosts have not confirmed yet?' },
  run: (call) => work.recover(call),
}
