/** Calls of a list's plugins by one of the suites, as a runtime makes them. */

import * as assert from 'uvu/assert'
import type { Netns } from './host.ts'
import { hostLocal } from './networks.ts'
import { type Call, type Configuration, call, type Engine, type Result } from './plugin.ts'
import { type Edition, reference } from './reference.ts'
import { retried } from './until.ts'
import type { Way } from './way.ts'

/** Who calls: an engine of ours, or an edition of the reference. */
export type Side = Engine | Edition

/** What a call is about, besides its verb. */
export interface Attachment {
  way: Way
  container: Netns
  result?: Result
  /** GC: the attachments that are valid. */
  valid?: Netns[]
}

/** Whether a side is the reference. */
export function isReference(side: Side): side is Edition {
  return side === 'installed' || side === 'newest'
}

/** ADD of a list, which must succeed. @returns the last plugin's result */
export async function attached(way: Way, side: Side, container: Netns): Promise<Result> {
  const result = await (isReference(side)
    ? attachedByReference(way, side, container)
    : walk('ADD', side, { way, container }))
  assert.ok(result)
  if (side === 'installed') way.newer?.(container, result)
  return result
}

/**
 * Now and then the kernel refuses the reference's route for an IPv6 address that it still checks for a duplicate, or is later than the reference
 * waits: 2.5 s for a port of a bridge, 10 s for the checks of addresses.
 */
function attachedByReference(way: Way, side: Side, container: Netns): Promise<Result | undefined> {
  const walked = (verb: Call['verb']) => walk(verb, side, { way, container })
  return retried(
    () => walked('ADD'),
    isLateForReference,
    () => walked('DEL'),
  )
}

/** Whether the reference has failed because the kernel was busy. @param said its message */
export function isLateForReference(said: string): boolean {
  return /failed to add route .* invalid argument|bridge port in error state|still in tentative state|tentative addresses/.test(
    said,
  )
}

/** Calls the plugins of the list as a runtime does, DEL in reverse order; each must succeed. @returns the last result */
export async function walk(verb: Call['verb'], side: Side, about: Attachment): Promise<Result | undefined> {
  const configs = configsOf(verb, side, about)
  let { result } = about
  for (const config of verb === 'DEL' ? configs.reverse() : configs) {
    const json = await step(verb, side, about, { ...config, ...(result && { prevResult: result }) })
    if (verb === 'ADD') result = json as unknown as Result
  }
  return result
}

async function step(verb: Call['verb'], side: Side, { way, container }: Attachment, config: Configuration) {
  const request = { verb, config, containerID: container.name, netns: container.path, ifname: way.ifname }
  const answer = isReference(side) ? reference(request, side) : call({ ...request, engine: side })
  const { status, json } = await answer
  assert.is(status, 0, `${side} ${verb} ${JSON.stringify(json)}`)
  return json
}

/** What the reference's DEL or CHECK answers that fails. */
export async function complaint(verb: 'CHECK' | 'DEL', side: Edition, about: Attachment): Promise<string> {
  try {
    await walk(verb, side, about)
  } catch (error) {
    return String(error)
  }
  throw new Error(`${verb} of the reference did not fail`)
}

/** The plugins' configurations as a runtime gives them. */
function configsOf(verb: Call['verb'], side: Side, { way, valid = [] }: Attachment): Configuration[] {
  const { plugins, subnets, theirs, ports } = way
  // Debian 12's reference knows no newer version.
  const whole = { cniVersion: verb === 'GC' ? '1.1.0' : '1.0.0', name: networkName(plugins) }
  const list = valid.map(({ name }) => ({ containerID: name, ifname: way.ifname ?? 'eth0' }))
  return plugins.map((plugin, at) => ({
    ...whole,
    ...(side === 'installed' && theirs ? theirs : plugin),
    ...(at === 0 && subnets && { ipam: hostLocal(...subnets) }),
    ...(plugin.type === 'portmap' && verb !== 'GC' && { runtimeConfig: { portMappings: ports } }),
    ...(verb === 'GC' && { 'cni.dev/valid-attachments': list }),
  }))
}

/** A name of its own for each network: the type and the bridge of its first plugin. */
export function networkName([first]: Configuration[]): string {
  return `way-${[first?.type, first?.bridge].filter(Boolean).join('-')}`
}
