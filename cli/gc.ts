/** `patchbay gc`: deletes the attachments of containers that have ended without DEL. */

import type { Registry } from '../shared/cni/plugin.ts'
import { nearest } from '../shared/config/near.ts'
import type { Complaint } from '../shared/error/error.ts'
import { plain } from '../shared/error/log.ts'
import { block } from './block.ts'
import { collect, type Outcome, outcomes } from './host/collect.ts'
import { requireHostNetwork } from './host/host-network.ts'
import { type Host, lookAtHost } from './host/look.ts'
import { misuse, parse } from './installation/arguments.ts'
import type { Output } from './reconcile.ts'
import { statusOf } from './status.ts'

/**
 * Deletes them, and says what it did with each.
 * @param words a network's name, `--dry-run`
 * @returns the exit status: 1 if one could not be deleted
 */
export function gc(words: readonly string[], output: Output, registry: Registry): Promise<number> {
  return statusOf('gc', output, async () => {
    const { network, isDry } = read(words)
    requireHostNetwork()
    const host = lookAtHost((file, why) => output.err(block(file, { msg: `left out: ${why}` })))
    if (network !== undefined) requireNetwork(network, host)
    const done = await collectAll(host, network, isDry, output, registry)
    output.out(summary(done, isDry))
    return done.includes('failed') ? 1 : 0
  })
}

/** @throws CniError for a wrong command line */
function read(words: readonly string[]): { network?: string; isDry: boolean } {
  const [network, ...others] = words.filter((word) => !word.startsWith('-'))
  if (others.length > 0) throw misuse(`one network at most, not ${JSON.stringify(others[0])} too`)
  const flags = words.filter((word) => word.startsWith('-'))
  return { network, isDry: parse(flags, { '--dry-run': 'none' }).has('--dry-run') }
}

/** @throws CniError when nothing has the network's name */
function requireNetwork(network: string, { containers, configurations: { configured, podman } }: Host): void {
  const used = containers.flatMap(({ attachments }) => attachments.map((one) => one.network))
  const named = [...configured.map((one) => one.network), ...podman.map(({ name }) => String(name))]
  const known = new Set([...used, ...named])
  if (known.has(network)) return
  const meant = nearest(network, known)
  const hint = `the networks are ${[...known].sort().join(', ') || 'none'}`
  throw misuse(`no network ${JSON.stringify(network)}${meant ? `, did you mean ${meant}?` : ''}`, hint)
}

async function collectAll(
  host: Host,
  network: string | undefined,
  isDry: boolean,
  { out, err }: Output,
  registry: Registry,
): Promise<Outcome[]> {
  const run = {
    ...{ host, isDry, registry, slow: new Set<string>() },
    say: (text: string) => out(plain(text)),
    complain: (where: string, complaint: Complaint) => err(block(where, complaint)),
    log: (text: string) => logOf(text).forEach(err),
  }
  const done: Outcome[] = []
  for (const container of host.containers)
    for (const attachment of container.attachments)
      if (network === undefined || attachment.network === network)
        done.push(await collect(attachment, container, run))
  return done
}

/** Of what a plugin writes to its standard error. */
const mostLines = 20

function logOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.slice(0, mostLines).map((line) => plain(line.slice(0, 500)))
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
