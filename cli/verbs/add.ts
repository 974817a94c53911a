/** `patchbay add`: attaches a namespace to a network as a runtime would. */

import { attach, chainFor, requireFree } from '../attach/attach.ts'
import { plan } from '../attach/calls.ts'
import { findList } from '../attach/list.ts'
import { plannedAnswer, resultText } from '../attach/text.ts'
import {
  argsIn,
  attachmentFlags,
  attachmentWords,
  callFlags,
  capabilitiesIn,
  placeIn,
  runnerFor,
} from '../attach/words.ts'
import type { Verb } from '../form/verb.ts'
import { leftOutBy } from '../host/left-out.ts'

export const add: Verb = {
  summary: 'attaches a network namespace to a network, as a container runtime would',
  text: [
    "Each plugin of the list gets what libcni gives it. Plugins are looked for in $CNI_PATH, or else beside this executable and in the runtimes' directories. libcni's cache, /var/lib/cni/results, has the attachment afterwards, so cnitool and runtimes check and delete it, too. After a failure all is deleted again.",
    'The answer is the CNI result.',
  ],
  words: attachmentWords,
  flags: {
    ...attachmentFlags,
    ...callFlags,
    '--dry-run': { takes: 'none', means: 'Say what would be called, and call nothing.' },
  },
  answers: true,
  example: { call: 'add mynet blue --dry-run', does: 'which plugins would attach the namespace blue?' },
  async run(call) {
    const { word, ...place } = placeIn(call)
    const capabilities = capabilitiesIn(call)
    const ips = Array.isArray(capabilities.ips) ? capabilities.ips.map(String) : []
    const list = await findList(word, { registry: call.plugins, leftOut: leftOutBy(call), ips })
    const wanted = { ...place, network: list.network, list, args: argsIn(call), capabilities }
    const runner = runnerFor(call)
    if (call.flags.has('--dry-run')) {
      requireFree(wanted)
      return plannedAnswer(plan('ADD', wanted, chainFor(wanted), runner))
    }
    const data = await attach(wanted, runner)
    return { data, text: (page) => resultText(data, page) }
  },
}
