/** `patchbay status`: the node on one screen. */

import { viewOf } from '../doctor/frame/view.ts'
import { lookAtNode } from '../doctor/status.ts'
import { brief, screen } from '../doctor/status-text.ts'
import type { Verb } from '../form/verb.ts'

export const status: Verb = {
  summary: 'shows runtime, lists, plugins, kernel, firewall, ranges and attachments on one screen',
  text: [
    'Each line says ok, or what doctor has found there and the command that mends it. The exit status is 1 if it has found something.',
  ],
  flags: { '--brief': { takes: 'none', means: 'One line.' } },
  answers: true,
  example: { call: 'status', does: 'what does this node have, and is it well?' },
  async run({ flags, plugins, complain, progress }) {
    const data = await lookAtNode(viewOf(plugins, complain), progress)
    const { error, warning, leak } = data.findings
    return {
      data,
      text: (page) => (flags.has('--brief') ? brief(page, data) : screen(page, data)),
      status: error + warning + leak > 0 ? 1 : 0,
    }
  },
}
