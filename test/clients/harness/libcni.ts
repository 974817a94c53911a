/** What runtimes built on libcni do with a list: its plugins in order, each with the result before it, and a cache of results on disk. */

import type { Network } from '../../harness/cnitool.ts'
import { type Answer, type Call, type Configuration, call, type Result } from '../../harness/plugin.ts'
import { cacheIn } from './cache.ts'

/** One container's interface, as a runtime hands it to libcni. */
export interface Attachment {
  id: string
  netns: string
  ifname?: string
  /** CNI_ARGS. */
  args?: Record<string, string>
  capabilities?: Record<string, unknown>
}

/** A network in the hands of one runtime. */
export interface Libcni {
  /** VERSION of each plugin of the list; the IPAM plugin is not asked. */
  versions(): Promise<void>
  status(): Promise<void>
  add(attachment: Attachment): Promise<Result>
  check(attachment: Attachment): Promise<void>
  del(attachment: Attachment): Promise<void>
  /** DEL of cached attachments that are not valid, and then GC where the version has it. */
  gc(valid: readonly Attachment[]): Promise<void>
  /** The attachments that were added and not deleted, also by an earlier process. */
  cached(): Attachment[]
}

/**
 * @param directory of the plugins, default: ours
 * @param home of the cache
 */
export function libcni(net: Network, directory?: string, home = '/var/lib/cni'): Libcni {
  const cache = cacheIn(home, net)
  const has = (version: string) => net.cniVersion.localeCompare(version) >= 0
  const run = (plugin: Configuration, more: Omit<Call, 'config'>, keys: object = {}) =>
    succeeded(net, plugin, { ...more, directory }, keys)

  const inOrder = async (verb: 'CHECK' | 'STATUS' | 'GC' | 'VERSION', keys?: object, of?: Attachment) => {
    for (const plugin of net.plugins)
      await run(plugin, { verb, ...(of && variables(of)) }, { ...runtimeConfig(plugin, of), ...keys })
  }

  const add = async (of: Attachment) => {
    let prevResult: unknown
    for (const plugin of net.plugins) {
      const keys = { ...runtimeConfig(plugin, of), ...(prevResult ? { prevResult } : {}) }
      prevResult = (await run(plugin, { verb: 'ADD', ...variables(of) }, keys)).json
    }
    cache.remember(of, prevResult)
    return prevResult as Result
  }

  const del = async (of: Attachment) => {
    const keys = has('0.4.0') ? cache.resultOf(of) : {}
    for (const plugin of net.plugins.toReversed())
      await run(plugin, { verb: 'DEL', ...variables(of) }, { ...runtimeConfig(plugin, of), ...keys })
    cache.forget(of)
  }

  const gc = async (valid: readonly Attachment[]) => {
    const isValid = ({ id, ifname }: Attachment) => valid.some((v) => v.id === id && v.ifname === ifname)
    for (const stale of cache.attachments().filter((one) => !isValid(one))) await del(stale)
    const ids = valid.map(({ id, ifname = 'eth0' }) => ({ containerID: id, ifname }))
    const list = ids.length > 0 ? ids : null // a Go slice that nothing was appended to
    const keys = { 'cni.dev/valid-attachments': list, 'cni.dev/attachments': list }
    if (has('1.1.0')) await inOrder('GC', keys)
  }

  return {
    versions: () => inOrder('VERSION'),
    status: async () => void (has('1.1.0') && (await inOrder('STATUS'))),
    add,
    check: async (of) => void (has('0.4.0') && (await inOrder('CHECK', cache.resultOf(of), of))),
    del,
    gc,
    cached: cache.attachments,
  }
}

/** @throws with the plugin's message */
async function succeeded(
  { name, cniVersion }: Network,
  plugin: Configuration,
  more: Omit<Call, 'config'>,
  keys: object,
): Promise<Answer> {
  const config = { ...plugin, name, cniVersion, ...keys }
  const answer = await call({ ...more, config })
  if (answer.status === 0) return answer
  throw new Error(`${more.verb} of ${plugin.type}: ${answer.json?.msg}; ${answer.json?.details}`)
}

function variables({ id, netns, ifname, args = {} }: Attachment) {
  const pairs = Object.entries(args).map(([key, value]) => `${key}=${value}`)
  return { containerID: id, netns, ifname, args: pairs.join(';') }
}

/** The values of the capabilities that the plugin declares. */
function runtimeConfig(
  { capabilities = {} }: Configuration,
  { capabilities: values = {} }: Partial<Attachment> = {},
) {
  const declared = Object.entries(values).filter(([name]) => (capabilities as Record<string, boolean>)[name])
  return declared.length > 0 ? { runtimeConfig: Object.fromEntries(declared) } : {}
}
