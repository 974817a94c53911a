/** `patchbay gc`: deletes the attachments of containers that have ended without DEL. */

import { plain } from '../../shared/error/log.ts'
import { logLines } from '../form/log-lines.ts'
import type { Call, Verb } from '../form/verb.ts'
import { collect, type Outcome, outcomes } from '../host/collect.ts'
import { noteCollection } from '../host/collection.ts'
import { requireHostNetwork } from '../host/host-network.ts'
import { leftOutBy } from '../host/left-out.ts'
import { type Host, lookAtHost } from '../host/look.ts'
import { requireNetwork } from '../host/require-network.ts'

export const gc: Verb = {
  summary: 'deletes what containers that ended without DEL have left',
  text: [
    'Such as addresses, host ports and rules. Containers are known by the caches of runtimes and by the records of the plugins; one whose namespace lives, or is not known, keeps all.',
  ],
  words: [{ name: 'NETWORK', means: 'This network alone.', count: 'optional', names: 'network' }],
  flags: { '--dry-run': { takes: 'none', means: 'Say what would be deleted, and delete nothing.' } },
  answers: true,
  example: { call: 'gc --dry-run', does: 'what have ended containers left?' },
  async run(call) {
    const [network] = call.words
    requireHostNetwork()
    const host = lookAtHost(leftOutBy(call))
    if (network !== undefined) requireNetwork(network, host)
    const done = await collectAll(host, network, call)
    const found = done.map(({ outcome }) => outcome)
    if (!call.flags.has('--dry-run')) noteCollection(found)
    return {
      data: done,
      text: () => summary(found, call.flags.has('--dry-run')),
      status: found.includes('failed') ? 1 : 0,
    }
  },
}

/** What became of an attachment. */
interface Collected {
  network: string
  container: string
  interface: string
  outcome: Outcome
}

async function collectAll(host: Host, network: string | undefined, call: Call): Promise<Collected[]> {
  const run = {
    ...{ host, isDry: call.flags.has('--dry-run'), registry: call.plugins, slow: new Set<string>() },
    say: (text: string) => call.out(plain(text)),
    complain: call.complain,
    log: (text: string) => logLines(text).forEach(call.err),
  }
  const done: Collected[] = []
  for (const container of host.containers)
    for (const attachment of container.attachments) {
      if (network !== undefined && attachment.network !== network) continue
      call.progress(`looks at ${container.id}`)
      const outcome = await collect(attachment, container, run)
      done.push({
        network: attachment.network,
        container: container.id,
        interface: attachment.ifname,
        outcome,
      })
    }
  return done
}

function summary(done: readonly Outcome[], isDry: boolean): string {
  const words = {
    lives: 'live',
    deleted: isDry ? 'would be deleted' : 'deleted',
    unknown: 'unknown',
    failed: 'failed',
    foreign: "ended of other projects'",
  }
  const counts = outcomes.map(
    (outcome) => [done.filter((one) => one === outcome).length, words[outcome]] as const,
  )
  const parts = counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return parts.length > 0 ? `attachments: ${parts.join(', ')}` : 'no attachments'
}
