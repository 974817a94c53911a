/** Calls plugins as a container runtime does. */

import { execa } from 'execa'
import type { Configuration, Example } from '../example.ts'
import type { Host } from './host.ts'

/** A container on a network, and its host. */
export interface Attachment {
  container: string
  host: Host
  /** The configuration of each plugin of the chain, without prevResult. */
  configs: Configuration[]
  /** The directory of the plugins. */
  executables: string
}

/** The part of a CNI result that the demo reads (specification 1.0.0, section "ADD Success"). */
export interface Result {
  ips?: { address: string }[]
}

export interface Answer {
  result: Result
  milliseconds: number
}

/** ADD of each plugin in turn, or DEL of each in reverse. @throws an error with the plugin's message */
export async function call(verb: 'ADD' | 'DEL', attachment: Attachment): Promise<Answer> {
  const { configs } = attachment
  const start = performance.now()
  let result: Result | undefined
  for (const config of verb === 'ADD' ? configs : configs.toReversed()) {
    const answer = await execute(verb, attachment, { ...config, prevResult: result })
    if (verb === 'ADD') result = answer
  }
  return { result: result ?? {}, milliseconds: performance.now() - start }
}

async function execute(verb: string, attachment: Attachment, config: Configuration): Promise<Result> {
  const { container, host, executables } = attachment
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: container,
    CNI_NETNS: `/run/netns/${container}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: executables,
  }
  const [file = '', ...args] = [...host.enter, `${executables}/${config.type}`]
  const input = JSON.stringify(config)
  const { exitCode, stdout, stderr } = await execa(file, args, { input, env, reject: false })
  const answer = stdout ? JSON.parse(stdout) : {}
  if (exitCode !== 0) throw new Error(answer.msg ? `${answer.msg} ${answer.details ?? ''}` : stderr)
  return answer
}

/** The chain of an example with another first plugin, and the keys that a runtime adds to each plugin. */
export function completed({ name, cniVersion, chained }: Example, first: Configuration): Configuration[] {
  return [first, ...chained].map((config) => ({ cniVersion, name, ...config }))
}

/**
 * With `static` both containers would get the same addresses: for the second, the next ones are requested with the `ips`
 * capability (CONVENTIONS.md, "Capability arguments").
 */
export function withNextAddresses(config: Configuration): Configuration {
  const { type, addresses = [] } = (config.ipam ?? {}) as { type?: string; addresses?: { address: string }[] }
  if (type !== 'static') return config
  const ips = addresses.map(({ address }) => address.replace(/(\d+)(?=\/)/, (last) => `${Number(last) + 1}`))
  return { ...config, runtimeConfig: { ips } }
}

/** There is no etcd on the demo's hosts: host-local stands in for a pool, and a list of the hosts for what `patchbay agent` writes. */
export function withoutStore(config: Configuration): Configuration {
  const { type } = (config.ipam ?? {}) as { type?: string }
  const hosts = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
  return {
    ...config,
    ...(config.peers === 'store' && { peers: undefined, arpSuppress: undefined, remotes: hosts }),
    ...(type === 'pool' && { ipam: { type: 'host-local', subnet: '10.125.0.0/16' } }),
  }
}
