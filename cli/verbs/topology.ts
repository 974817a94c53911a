/** `patchbay topology`: a picture of this node. */

import { readValueIfAny } from '../../shared/kernel/files.ts'
import { fillAddresses } from '../attachments/fill.ts'
import type { Verb } from '../form/verb.ts'
import { viewHost } from '../host/attachment-view.ts'
import { leftOutBy } from '../host/left-out.ts'
import { requireNetwork } from '../host/require-network.ts'
import { graphOf } from '../topology/graph.ts'
import { pictureOf } from '../topology/picture.ts'
import { textOf } from '../topology/text.ts'
import { told } from '../topology/told.ts'

export const topology: Verb = {
  summary: 'draws this node: networks, bridges, NICs, containers, addresses and ports',
  text: [
    'Boxes in the terminal, of characters that the locale has; or an SVG, which browsers show in light and dark. A container in several networks is drawn in each. Links are those of the network namespace in which it runs.',
  ],
  words: [{ name: 'NETWORK', means: 'This network alone.', count: 'optional', names: 'network' }],
  flags: { '--svg': { takes: 'none', means: 'Write an SVG to standard output.' } },
  answers: true,
  example: { call: 'topology --svg > node.svg', does: 'a picture for a browser' },
  run(call) {
    const [network] = call.words
    const view = viewHost(leftOutBy(call))
    const networks = view.attachments.map((one) => one.network)
    if (network !== undefined) requireNetwork(network, view.host, networks)
    fillAddresses(
      view.attachments.filter((one) => one.network === (network ?? one.network)),
      call,
    )
    const graph = graphOf(view, network)
    const host = readValueIfAny('/proc/sys/kernel/hostname') ?? 'this host'
    const isPicture = call.flags.has('--svg')
    return {
      data: told(graph),
      text: (page) => (isPicture ? pictureOf(graph, host) : textOf(page, graph, host)),
    }
  },
}
