/** `patchbay doctor`: looks for faults that stop pods or leak, and says how each is mended. */

import { faults } from '../doctor/faults.ts'
import { examine } from '../doctor/frame/examine.ts'
import { report } from '../doctor/frame/report.ts'
import { viewOf } from '../doctor/frame/view.ts'
import type { Verb } from '../form/verb.ts'

export const doctor: Verb = {
  summary: 'looks for faults that stop pods or leak, each with cause, evidence and the command that mends it',
  text: [
    'It prints nothing on a healthy node, and changes nothing. The commands behind "mend:" can be pasted into a shell of root.',
    'What it cannot see, such as files of root for another user, is named on standard error, and is no finding.',
  ],
  flags: {
    '--before': {
      takes: 'none',
      means:
        'Look only at what must be so before the first pod: directories, plugins, lists, runtime, kernel.',
    },
  },
  answers: true,
  example: { call: 'doctor --before', does: 'is this node ready for its first pod?' },
  async run({ flags, plugins, complain, progress }) {
    const wanted = flags.has('--before') ? faults.filter(({ before }) => before) : faults
    const found = await examine(wanted, viewOf(plugins, complain), progress)
    return { data: found, text: (page) => report(page, found), status: found.length > 0 ? 1 : 0 }
  },
}
