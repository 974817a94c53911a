/** `patchbay validate`: what is wrong in network configurations, before a container needs them. */

import type { Verb } from '../form/verb.ts'
import { filesOf } from '../lists/read.ts'
import { report } from '../lists/report.ts'
import { validate as validateAll } from '../lists/validate.ts'

export const validate: Verb = {
  summary: 'finds what is wrong in network configurations, with line and column',
  text: [
    'An error is what ADD refuses, in the same words. A warning is what ADD takes, and yet has no effect or cannot work: keys without effect, plugins that are not installed, two files that want the same name, addresses, bridge, VNI or NIC. Plugins are looked for in CNI_PATH, or in the usual directories; of other projects VERSION is called, and their keys are not checked.',
    'HIGHEST is the highest cniVersion that all plugins of the list and the runtimes of this host take. With errors the exit status is 1, with warnings alone 0.',
  ],
  words: [
    {
      name: 'FILE',
      means:
        'A list (.conflist), a plugin (.conf, .json), a network of podman, a directory of these, or `-` for standard input. Default: /etc/cni/net.d and /etc/containers/networks.',
      count: 'any',
      names: 'file',
    },
  ],
  answers: true,
  example: { call: 'validate', does: 'will the networks of this host work?' },
  async run({ words, plugins, progress }) {
    const data = await validateAll(filesOf(words), plugins, progress)
    const isWrong = data.findings.some(({ severity }) => severity === 'error')
    return { data, text: (page) => report(data, page), status: isWrong ? 1 : 0 }
  },
}
