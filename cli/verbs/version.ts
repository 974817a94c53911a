/** `patchbay version`. */

import { version as ours } from '../../shared/version.ts'
import type { Verb } from '../form/verb.ts'

export const version: Verb = {
  summary: 'prints the version of this executable',
  answers: true,
  example: { call: 'version', does: 'which Patchbay is this?' },
  run: () => ({ data: { version: ours }, text: () => `patchbay ${ours}` }),
}
