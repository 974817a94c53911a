/** In a chain, what the plugin before made is the parent, and what it was given are the addresses, unless said otherwise. */

import { CniError, Code } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import type { IpvlanConfig } from './keys.ts'

/** The configuration of an ADD, with the master that the plugin before made if it names none. @throws CniError */
export function withMaster({ config, prevResult }: Request<IpvlanConfig>): IpvlanConfig {
  if (config.master || !prevResult) return config
  const side = config.linkInContainer ? 'in the container' : 'on the host'
  const made = prevResult.interfaces.filter(({ sandbox }) => Boolean(sandbox) === config.linkInContainer)
  const [only] = made
  if (only && made.length === 1) return { ...config, master: only.name }
  const names = made.map(({ name }) => name).join(', ') || 'none'
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `master is not set, and the plugins before made no single interface ${side} (but ${names})`,
    hint: 'name the interface to sit on: "master": "eth0"; "linkInContainer": true for one in the container',
  })
}

/** Addresses, routes and DNS settings of the plugin before, for a network without IPAM of its own. */
export function given({ prevResult }: Request<IpvlanConfig>): Result | undefined {
  return prevResult?.ips.length ? prevResult : undefined
}
