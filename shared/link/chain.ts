/** In a list, the parent may be the interface that an earlier plugin has made: `linkInContainer` without `master`. */

import type { Request } from '../cni/plugin.ts'
import type { ParentConfig } from './parent.ts'

/** The names of the interfaces that earlier plugins have made, on the parent's side. Some leave the sandbox out: CNI_NETNS is meant. */
export function madeBefore({ config, prevResult, ifname }: Request<ParentConfig>): string[] {
  const inside = config.linkInContainer === true
  const interfaces = prevResult?.interfaces ?? []
  const isUnsaid = inside && interfaces.every(({ sandbox }) => !sandbox)
  const made = interfaces.filter(({ sandbox }) => isUnsaid || Boolean(sandbox) === inside)
  return made.map(({ name }) => name).filter((name) => !inside || name !== ifname)
}

/** The configuration, with the only such interface as `master`. Without one it is unchanged: the default route decides. */
export function withMaster<Config extends ParentConfig>(request: Request<Config>): Config {
  const { config } = request
  if (config.master || !config.linkInContainer) return config
  const [only, ...more] = madeBefore(request)
  return only && more.length === 0 ? { ...config, master: only } : config
}
