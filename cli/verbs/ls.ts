/** `patchbay ls`: the attachments of this host. */

import { fillAddresses } from '../attachments/fill.ts'
import { listed } from '../attachments/listed.ts'
import { told } from '../attachments/told.ts'
import type { Call, Verb } from '../form/verb.ts'
import { viewHost } from '../host/attachment-view.ts'
import type { Life } from '../host/containers.ts'
import { leftOutBy } from '../host/left-out.ts'
import { requireNetwork } from '../host/require-network.ts'

export const ls: Verb = {
  summary: "lists the attachments of this host's containers",
  text: [
    "Known are those in the caches of runtimes, in the records of the plugins, among host-local's addresses, and those with a pair that has one end on the host. LIFE says whether the container's namespace is there. A narrow terminal has fewer columns: -w shows all.",
  ],
  words: [{ name: 'NETWORK', means: 'This network alone.', count: 'optional', names: 'network' }],
  flags: {
    '--live': { takes: 'none', means: 'Only those of containers that live.' },
    '--ended': {
      takes: 'none',
      means: 'Only those of containers that ended without DEL: patchbay gc deletes them.',
    },
    '--wide': {
      takes: 'none',
      short: 'w',
      means: 'Whole container IDs, MAC addresses and namespaces besides.',
    },
  },
  answers: true,
  example: { call: 'ls --live', does: 'which containers have networks now?' },
  run(call) {
    const [network] = call.words
    const { host, attachments } = viewHost(leftOutBy(call))
    const networks = attachments.map((one) => one.network)
    if (network !== undefined) requireNetwork(network, host, networks)
    const wanted = attachments.filter((one) => isWanted(one, call))
    fillAddresses(wanted, call)
    const data = wanted.map(told)
    return { data, text: (page) => listed(page, data, call.flags.has('--wide')) }
  },
}

function isWanted({ network, life }: { network: string; life: Life }, { words, flags }: Call): boolean {
  const lives = [...(flags.has('--live') ? ['lives'] : []), ...(flags.has('--ended') ? ['ended'] : [])]
  return network === (words[0] ?? network) && (lives.length === 0 || lives.includes(life))
}
