/** `patchbay pool release`: frees what a dead host holds. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'
import { dryRun, storeFlag } from '../pool/flags.ts'

export const poolRelease: Verb = {
  summary: 'frees the blocks and peers of a host that is gone for ever',
  text: [
    'The host must not come back with its containers: their addresses are given to others. It is never done by itself, since etcd cannot tell a dead host from one that is cut off. Without --yes it shows what would be freed, and changes nothing.',
    'A host that comes back all the same notices that it was released: it claims again what is still free; the other blocks are disputed, no new address is given from them, and patchbay pool check names them.',
  ],
  flags: {
    '--host': {
      ...{ takes: 'one', value: 'NAME' },
      means: "The host's name in the store, as pool show has it.",
    },
    '--earlier': {
      takes: 'none',
      means:
        'Free only what the host held before it was installed anew, which a release that was cut short has left. What it holds now stays.',
    },
    '--yes': { takes: 'none', means: 'Free it: the host is gone for ever.' },
    ...dryRun,
    ...storeFlag,
  },
  answers: true,
  example: { call: 'pool release --host node7 --dry-run', does: 'what does a dead host still hold?' },
  run: (call) => work.release(call),
}
