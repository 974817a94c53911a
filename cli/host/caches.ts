/** The caches of libcni: what a runtime has added by it and not deleted, with configuration and result (cachedInfo, libcni/api.go). */

import * as z from 'zod/mini'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { isObject } from '../../shared/config/json.ts'
import { ifnameFault, isIdentifier } from '../../shared/config/names.ts'
import { readDirectoryIfAny, readFileIfAny } from '../../shared/kernel/files.ts'
import { decodeBase64 } from './base64.ts'
import type { Sighting } from './containers.ts'

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

const home = '/var/lib/cni'
const folder = 'results'

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

/**
 * The entries of all caches: libcni's own, which containerd, CRI-O, podman 4, nerdctl and Nomad use, and those of programs that keep
 * their own beside it, as Multus does.
 * @param leftOut is told of each file that is no entry
 * @throws KernelError
 */
export function readCaches(leftOut: (file: string) => void): Cached[] {
  return cacheDirectories().flatMap((directory) =>
    readDirectoryIfAny(directory).flatMap(({ name }) => {
      const file = `${directory}/${name}`
      const text = readFileIfAny(file)
      const cached = text === undefined ? undefined : parseEntry(file, text)
      if (text !== undefined && !cached) leftOut(file)
      return cached ?? []
    }),
  )
}

function cacheDirectories(): string[] {
  const beside = readDirectoryIfAny(home).filter(({ directory }) => directory)
  return [home, ...beside.map(({ name }) => `${home}/${name}`)].map((place) => `${place}/${folder}`)
}

/** @returns undefined when it is no entry, such as one that libcni before 0.8 has written */
export function parseEntry(file: string, text: string): Cached | undefined {
  const { data } = z.safeParse(entry, parsed(text))
  const configuration = data && parsed(decodeBase64(data.config)?.toString())
  if (!data || !isObject(configuration)) return undefined
  const result = data.result ?? undefined
  return {
    ...{ file, configuration, result },
    ...{ network: data.networkName, containerID: data.containerId, ifname: data.ifName },
    netns: [data.netns ?? '', ...sandboxesOf(result)].filter((path) => path.startsWith('/')),
    args: (data.cniArgs ?? []).map(([key, value]) => `${key}=${value}`).join(';'),
    capabilities: data.capabilityArgs ?? {},
  }
}

function parsed(text = ''): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The namespaces in a result's interfaces; the host's ends have none. */
function sandboxesOf(result: Record<string, unknown> = {}): string[] {
  const interfaces = Array.isArray(result.interfaces) ? result.interfaces : []
  return interfaces.map((one) => (isObject(one) && typeof one.sandbox === 'string' ? one.sandbox : ''))
}

/** What an entry says of a container: the attachment, and each path of its namespace. */
export function sightingsOf({ network, containerID, ifname, netns }: Cached): Sighting[] {
  const attachment = { network, containerID, ifname }
  return [{ attachment }, ...netns.map((path) => ({ attachment, place: { path } }))]
}
