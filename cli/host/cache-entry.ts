/** An entry of a cache of libcni: what a runtime has added by it and not deleted, with configuration and result (cachedInfo, libcni/api.go). */

import * as z from 'zod/mini'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { isObject, jsonIn } from '../../shared/config/json.ts'
import { ifnameFault, isIdentifier } from '../../shared/config/names.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import type { Sighting } from './sighting.ts'

/** An attachment as libcni keeps it. */
export interface Cached extends Attachment {
  file: string
  /** Paths of its namespace. libcni writes one since 1.2; the result of an interface has one, too. */
  netns: string[]
  /** The list or the single configuration. */
  configuration: Record<string, unknown>
  /** CNI_ARGS. */
  args: string
  /** The values for `runtimeConfig`. */
  capabilities: Record<string, unknown>
  result?: Record<string, unknown>
}

const entry = z.object({
  kind: z.literal('cniCacheV1'),
  containerId: z.string().check(z.refine(isIdentifier)),
  ifName: z.string().check(z.refine((name) => ifnameFault(name) === undefined)),
  networkName: z.string().check(z.refine(isIdentifier)),
  config: z.string(),
  netns: z.nullish(z.string()),
  cniArgs: z.nullish(z.array(z.tuple([z.string(), z.string()]))),
  capabilityArgs: z.nullish(z.record(z.string(), z.unknown())),
  result: z.nullish(z.record(z.string(), z.unknown())),
})

/** Configurations by their text in base64: all containers of a network have the same. */
export type Decoded = Map<string, unknown>

/**
 * @param decoded gets each configuration once
 * @returns undefined when it is no entry, such as one that libcni before 0.8 has written
 */
export function parseEntry(file: string, text: string, decoded: Decoded = new Map()): Cached | undefined {
  const { data } = z.safeParse(entry, jsonIn(text))
  const configuration = data && decode(data.config, decoded)
  if (!data || !isObject(configuration)) return undefined
  const result = data.result ?? undefined
  return {
    ...{ file, configuration, result },
    ...{ network: data.networkName, containerID: data.containerId, ifname: data.ifName },
    netns: [data.netns ?? '', ...sandboxesOf(result)].filter(isPath),
    args: (data.cniArgs ?? []).map(([key, value]) => `${key}=${value}`).join(';'),
    capabilities: data.capabilityArgs ?? {},
  }
}

function decode(config: string, decoded: Decoded): unknown {
  if (!decoded.has(config)) decoded.set(config, jsonIn(decodeBase64(config)?.toString()))
  return decoded.get(config)
}

/** The namespaces in a result's interfaces; the host's ends have none. */
function sandboxesOf(result: Record<string, unknown> = {}): string[] {
  const interfaces = Array.isArray(result.interfaces) ? result.interfaces : []
  return interfaces.map((one) => (isObject(one) && typeof one.sandbox === 'string' ? one.sandbox : ''))
}

function isPath(text: string): boolean {
  return text.startsWith('/') && !/\p{Cc}/u.test(text)
}

/** What an entry says of a container: the attachment, and each path of its namespace. */
export function sightingsIn({ file, network, containerID, ifname, netns }: Cached): Sighting[] {
  const one = { attachment: { network, containerID, ifname }, source: file }
  return [one, ...netns.map((path) => ({ ...one, place: { path } }))]
}

/** What is to be kept of an attachment that was added. */
export interface ToCache extends Attachment {
  netns: string
  /** The list as its file has it. */
  configuration: string
  /** CNI_ARGS. */
  args: string
  capabilities: Record<string, unknown>
  result: Record<string, unknown>
}

/** The text of an entry, with libcni's keys in libcni's order; empty ones are left out. */
export function formatEntry(one: ToCache): string {
  const cniArgs = one.args.split(';').flatMap((pair) => (pair ? [pair.split('=')] : []))
  return JSON.stringify({
    kind: 'cniCacheV1',
    containerId: one.containerID,
    config: encodeBase64(Buffer.from(one.configuration)),
    ifName: one.ifname,
    networkName: one.network,
    netns: one.netns,
    ...(cniArgs.length > 0 && { cniArgs }),
    ...(Object.keys(one.capabilities).length > 0 && { capabilityArgs: one.capabilities }),
    result: one.result,
  })
}
