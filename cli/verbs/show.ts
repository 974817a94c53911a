/** `patchbay show`: all about one container. */

import { detailOf } from '../attachments/detail.ts'
import { findContainer } from '../attachments/find.ts'
import { shown } from '../attachments/shown.ts'
import type { Verb } from '../form/verb.ts'
import { viewHost } from '../host/attachment-view.ts'
import { leftOutBy } from '../host/left-out.ts'

export const show: Verb = {
  summary: "shows a container's interfaces, and all that the host has for them",
  text: [
    "Addresses, routes, the host's end, rules in the firewall, host ports, limits, the entry in the runtime's cache and the records; as root also what the kernel has in the namespace now.",
  ],
  words: [
    {
      name: 'CONTAINER',
      means:
        'Its ID, the beginning of its ID, its pod as NAMESPACE/NAME or NAME, or the path or the name of its network namespace.',
      count: 'one',
      names: 'container',
    },
  ],
  answers: true,
  example: { call: 'show default/web-0', does: 'what does this pod have?' },
  run(call) {
    const { attachments } = viewHost(leftOutBy(call))
    const data = detailOf(findContainer(call.words[0] ?? '', attachments), call)
    return { data, text: (page) => shown(page, data) }
  },
}
