/** `patchbay completion SHELL`: the script that a shell loads. */

import { scripts } from '../form/completion.ts'
import type { Verb } from '../form/verb.ts'

export const completion: Verb = {
  summary: 'prints the script by which a shell completes verbs, flags, networks and containers',
  text: [
    'In bash: `source <(patchbay completion bash)`. In zsh: the same in ~/.zshrc, after compinit. In fish: `patchbay completion fish | source`. The Debian package installs all three.',
  ],
  words: [
    {
      name: 'SHELL',
      means: `The shell: ${Object.keys(scripts).join(', ')}.`,
      count: 'one',
      names: Object.keys(scripts),
    },
  ],
  example: { call: 'completion bash', does: 'the script for bash' },
  run({ words: [shell = ''], out }) {
    out(scripts[shell as keyof typeof scripts])
    return 0
  },
}
