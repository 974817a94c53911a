/** In a chain, the parent and the addresses come from prevResult, unless the configuration sets `master` and `ipam`. */

import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { madeBefore } from '../../shared/link/chain.ts'
import type { IpvlanConfig } from './keys.ts'

/** The configuration of an ADD. Without `master`, it is the interface in prevResult. @throws CniError when there is not exactly one */
export function requireMaster(request: Request<IpvlanConfig>): IpvlanConfig {
  const { config, prevResult } = request
  if (config.master || !prevResult) return config
  const names = madeBefore(request)
  const [master, ...more] = names
  if (master && more.length === 0) return { ...config, master }
  const side = config.linkInContainer ? 'in the container' : 'on the host'
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `master is not set: prevResult must have exactly one interface ${side}, found ${names.join(', ') || 'none'}`,
    hint: 'name the parent: "master": "eth0"; with "linkInContainer": true for one in the container',
  })
}

/** prevResult if it has addresses: a network without IPAM uses its addresses, routes and DNS settings. */
export function previousLease({ prevResult }: Request<IpvlanConfig>): Result | undefined {
  return prevResult?.ips.length ? prevResult : undefined
}
