/** The network that an operator names must be there. */

import { misuse } from '../form/arguments.ts'
import { didYouMean } from '../form/slip.ts'
import type { Host } from './look.ts'

/** The names of all networks that a configuration, a cache or a record has, sorted. */
export function networkNames({ containers, configurations: { configured, podman } }: Host): string[] {
  const used = containers.flatMap(({ attachments }) => attachments.map((one) => one.network))
  const named = [...configured.map((one) => one.network), ...podman.map(({ name }) => String(name))]
  return [...new Set([...used, ...named])].sort()
}

/** @param further networks that are known besides @throws CniError when nothing has the network's name */
export function requireNetwork(network: string, host: Host, further: readonly string[] = []): void {
  const known = [...new Set([...networkNames(host), ...further])].sort()
  if (known.includes(network)) return
  const hint = `the networks are ${known.join(', ') || 'none'}`
  throw misuse(`no network ${JSON.stringify(network)}${didYouMean(network, known)}`, hint)
}
