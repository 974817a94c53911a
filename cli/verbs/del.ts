/** `patchbay del`: deletes an attachment as a runtime would, also when its namespace is gone. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import { plain } from '../../shared/error/log.ts'
import { plan } from '../attach/calls.ts'
import { detach, knownOf } from '../attach/detach.ts'
import { plannedAnswer } from '../attach/text.ts'
import { attachmentFlags, attachmentWords, networkOf, placeIn, runnerFor } from '../attach/words.ts'
import type { Verb } from '../form/verb.ts'
import { leftOutBy } from '../host/left-out.ts'

export const del: Verb = {
  summary: 'deletes what add, cnitool or a runtime has attached',
  text: [
    "DEL of each plugin, the last first, with the list and the result of libcni's cache, which has the attachment no more afterwards. The namespace may be gone. Without an entry of a cache it is the list that the network has now. Nothing to delete is no error.",
  ],
  words: attachmentWords,
  flags: {
    ...attachmentFlags,
    '--dry-run': { takes: 'none', means: 'Say what would be called, and call nothing.' },
  },
  answers: true,
  example: { call: 'del mynet blue', does: 'detach the namespace blue' },
  async run(call) {
    const { word, ...place } = placeIn(call)
    const target = { ...place, network: networkOf(word) }
    const search = { registry: call.plugins, leftOut: leftOutBy(call) }
    const known = await knownOf(target, word, search)
    const runner = runnerFor(call)
    if (call.flags.has('--dry-run')) return plannedAnswer(plan('DEL', target, known.chain, runner))
    await detach(target, known, runner)
    const { network, containerID: container, ifname } = target
    const plugins = known.chain.plugins.map(({ type }) => String(type)).toReversed()
    return {
      data: { network, container, interface: ifname, plugins },
      text: () => `${plain(attachmentKey(target))}: deleted`,
    }
  },
}
