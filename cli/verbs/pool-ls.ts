/** `patchbay pool ls`: the pools of the store. */

import { work } from '#pool'
import type { Verb } from '../form/verb.ts'
import { storeFlag } from '../pool/flags.ts'

export const poolLs: Verb = {
  summary: 'lists pools of addresses for many hosts, and how much of each is claimed',
  text: [
    'Hosts claim whole blocks. Which addresses of them containers have, only each host knows: HERE is the number on this one.',
  ],
  flags: storeFlag,
  answers: true,
  example: { call: 'pool ls', does: 'how much of the pools is left for hosts?' },
  run: (call) => work.ls(call),
}
