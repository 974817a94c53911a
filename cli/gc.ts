/** `patchbay gc`: deletes the attachments of containers that have ended without DEL. */

import { attachmentKey } from '../shared/cni/identity.ts'
import type { Attachment, Registry } from '../shared/cni/plugin.ts'
import { nearest } from '../shared/config/near.ts'
import { toCniError } from '../shared/error/error.ts'
import { now } from '../shared/kernel/clock.ts'
import { block } from './block.ts'
import type { Container } from './host/containers.ts'
import { deletionOf } from './host/deletion.ts'
import { type Host, lookAround } from './host/look.ts'
import { misuse, parse } from './installation/arguments.ts'
import type { Output } from './reconcile.ts'
import { statusOf } from './status.ts'

/** What became of an attachment. `foreign`: none of its plugins is ours. */
const outcomes = ['lives', 'deleted', 'unknown', 'failed', 'foreign'] as const
type Outcome = (typeof outcomes)[number]

/** What a run needs. `look` tells what is so now. */
interface Run {
  look(): Host
  isDry: boolean
  output: Output
  registry: Registry
}

/**
 * Deletes them, and says what it did with each.
 * @param words a network's name, `--dry-run`
 * @returns the exit status: 1 if one could not be deleted
 */
export function gc(words: readonly string[], output: Output, registry: Registry): Promise<number> {
  return statusOf('gc', output, async () => {
    const [network, flags] = split(words)
    const isDry = parse(flags, { '--dry-run': 'none' }).has('--dry-run')
    const run = { look: looking(output), isDry, output, registry }
    if (network !== undefined) requireNetwork(network, run.look())
    const done: Outcome[] = []
    for (const attachment of attachmentsIn(run.look(), network)) done.push(await collect(attachment, run))
    output.out(summary(done, isDry))
    return done.includes('failed') ? 1 : 0
  })
}

function split(words: readonly string[]): [network: string | undefined, flags: readonly string[]] {
  const [first] = words
  return first === undefined || first.startsWith('-') ? [undefined, words] : [first, words.slice(1)]
}

/** How long what was seen counts: a container that is started again may have its former ID, and its attachments must stay. */
const FRESH_MILLISECONDS = 300

/** Looks again when the last look is too old. Each file that cannot be read is reported once. */
function looking({ err }: Output): () => Host {
  const reported = new Set<string>()
  const leftOut = (file: string, why: string) => {
    if (!reported.has(file)) err(block(file, { msg: `left out: ${why}` }))
    reported.add(file)
  }
  let seen = lookAround(leftOut)
  let since = now()
  return () => {
    if (now() - since > FRESH_MILLISECONDS) {
      seen = lookAround(leftOut)
      since = now()
    }
    return seen
  }
}

function attachmentsIn({ containers }: Host, network: string | undefined): Attachment[] {
  const all = [...containers.values()].flatMap(({ attachments }) => attachments)
  return all.filter((one) => network === undefined || one.network === network)
}

/** @throws CniError when nothing has the network's name */
function requireNetwork(network: string, node: Host): void {
  const { configured, podman } = node.configurations
  const used = attachmentsIn(node, undefined).map((one) => one.network)
  const known = new Set([
    ...used,
    ...configured.map((one) => one.network),
    ...podman.map(({ name }) => String(name)),
  ])
  if (known.has(network)) return
  const meant = nearest(network, known)
  const hint = `the networks are ${[...known].sort().join(', ') || 'none'}`
  throw misuse(`no network ${JSON.stringify(network)}${meant ? `, did you mean ${meant}?` : ''}`, hint)
}

async function collect(attachment: Attachment, { look, isDry, output, registry }: Run): Promise<Outcome> {
  const { configurations, containers } = look()
  const container = containers.get(attachment.containerID)
  if (!container || container.life === 'lives') return 'lives'
  const key = attachmentKey(attachment)
  if (container.life === 'unknown') {
    output.out(
      `${key}: stays, ${container.places.length > 0 ? 'its namespace cannot be seen from here' : 'no file tells its namespace'}`,
    )
    return 'unknown'
  }
  try {
    const netns = placeOf(container)
    const deletion = deletionOf(attachment, netns, configurations, registry)
    if (!deletion) return 'foreign'
    if (!isDry) await deletion()
    output.out(`${key}: ${isDry ? 'would be deleted' : 'deleted'}, its namespace ${netns} is gone`)
    return 'deleted'
  } catch (error) {
    output.err(block(key, toCniError(error).complaint))
    return 'failed'
  }
}

const placeOf = ({ places }: Container) => places[0]?.path ?? ''

function summary(done: readonly Outcome[], isDry: boolean): string {
  const counts = outcomes.map((outcome) => [outcome, done.filter((one) => one === outcome).length] as const)
  const words = {
    lives: 'live',
    deleted: isDry ? 'would be deleted' : 'deleted',
    unknown: 'unknown',
    failed: 'failed',
    foreign: "other projects'",
  }
  const parts = counts
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${words[outcome]}`)
  return parts.length > 0 ? `attachments: ${parts.join(', ')}` : 'no attachments'
}
