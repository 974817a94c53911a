/** `patchbay pool change`: other ranges for a pool. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'
import { dryRun, poolWord, rangeFlag, storeFlag } from '../pool/flags.ts'

export const poolChange: Verb = {
  summary: 'grows or shrinks a pool, and says which hosts hold blocks outside then',
  text: [
    'Containers keep their addresses. From a block that is outside no new address is given, and it goes back when its last container ends. Hosts learn of the change with their next claim, or at once where patchbay agent runs.',
  ],
  words: [poolWord],
  flags: {
    ...rangeFlag(
      'A range as for pool create; it is added, or replaces those of the same subnet. The flag may be given several times.',
    ),
    '--remove': {
      ...{ takes: 'one', value: 'SUBNET' },
      means: 'The ranges of this subnet are taken away.',
    },
    '--block-size': {
      ...{ takes: 'one', value: 'LENGTH' },
      means: 'Prefix length of the IPv4 blocks. Refused while any block is claimed.',
    },
    '--block-size6': {
      ...{ takes: 'one', value: 'LENGTH' },
      means: 'Prefix length of the IPv6 blocks. Refused while any block is claimed.',
    },
    '--reopen': { takes: 'none', means: 'The pool is not closing any more: see pool delete --close.' },
    ...dryRun,
    ...storeFlag,
  },
  answers: true,
  example: {
    call: 'pool change blue --range 10.2.0.0/16 --dry-run',
    does: 'what would a second subnet for the pool change?',
  },
  run: (call) => work.change(call),
}
