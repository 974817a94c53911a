/** In a list, the parent may be the interface that an earlier plugin has made: `linkInContainer` without `master`. */

import type { Request } from '../cni/plugin.ts'
import type { Interface } from '../cni/result.ts'
import type { ParentConfig } from './parent.ts'

/** The names of the interfaces that earlier plugins have made, on the parent's side. Some leave the sandbox out: CNI_NETNS is meant. */
export function madeBefore(request: Request<ParentConfig>): string[] {
  const inside = request.config.linkInContainer === true
  const interfaces = earlier(request)
  const isUnsaid = inside && interfaces.every(({ sandbox }) => !sandbox)
  const made = interfaces.filter(({ sandbox }) => isUnsaid || Boolean(sandbox) === inside)
  return made.map(({ name }) => name).filter((name) => !inside || name !== request.ifname)
}

/** In CHECK, prevResult has the container's own interface, too, and behind it those of later plugins. */
function earlier({ prevResult, ifname }: Request): Interface[] {
  const interfaces = prevResult?.interfaces ?? []
  const own = interfaces.findIndex(({ name, sandbox }) => name === ifname && sandbox)
  return own < 0 ? interfaces : interfaces.slice(0, own)
}

/** The configuration, with the only such interface as `master`. Without one it is unchanged: the default route decides. */
export function withMasterIfAny<Config extends ParentConfig>(request: Request<Config>): Config {
  const { config } = request
  if (config.master || !config.linkInContainer) return config
  const [only, ...more] = madeBefore(request)
  return only && more.length === 0 ? { ...config, master: only } : config
}
