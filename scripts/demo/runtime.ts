/** Calls plugins as a container runtime does. */

import { execa } from 'execa'
import type { Configuration, Example } from './example.ts'
import type { Host } from './host.ts'

/** A container on a network, and the host it is on. */
export interface Attachment {
  container: string
  host: Host
  /** What the plugin is given on standard input. */
  config: Configuration
  /** The directory of the executables. */
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

/** One call. @throws with the plugin's own sentence */
export async function call(verb: 'ADD' | 'DEL', attachment: Attachment): Promise<Answer> {
  const { container, host, config, executables } = attachment
  const env = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: container,
    CNI_NETNS: `/run/netns/${container}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: executables,
  }
  const [file = '', ...args] = [...host.enter, `${executables}/${config.type}`]
  const start = performance.now()
  const { exitCode, stdout, stderr } = await execa(file, args, {
    input: JSON.stringify(config),
    env,
    reject: false,
  })
  const milliseconds = performance.now() - start
  const result = stdout ? JSON.parse(stdout) : {}
  if (exitCode !== 0) throw new Error(result.msg ? `${result.msg} ${result.details ?? ''}` : stderr)
  return { result, milliseconds }
}

/** What a runtime adds to a plugin's configuration. */
export function completed({ name, cniVersion }: Example, config: Configuration): Configuration {
  return { cniVersion, name, ...config }
}

/**
 * Two containers cannot have the addresses that `static` names: the second's are chosen by the runtime, by the `ips`
 * capability (CONVENTIONS.md, "Capability arguments").
 */
export function withNextAddresses(config: Configuration): Configuration {
  const { type, addresses = [] } = (config.ipam ?? {}) as { type?: string; addresses?: { address: string }[] }
  if (type !== 'static') return config
  const ips = addresses.map(({ address }) => address.replace(/(\d+)(?=\/)/, (last) => `${Number(last) + 1}`))
  return { ...config, runtimeConfig: { ips } }
}
