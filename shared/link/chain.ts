/** In a list, the parent may be the interface that an earlier plugin has made: `linkInContainer` without `master`. */

import type { Request } from '../cni/plugin.ts'
import type { ParentConfig } from './parent.ts'

/** The names of the interfaces that earlier plugins have made, on the parent's side. Some leave the sandbox out: CNI_NETNS is meant. */
export function madeBefore({ config, prevResult, ifname }: Request<ParentConfig>): string[] {
  const interfaces = prevResult?.interfaces ?? []
  if (!config.linkInContainer) return interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => name)
  // CHECK is given the result of the whole list: the own interface, and those of later plugins, come after.
  const own = interfaces.findIndex(({ name, sandbox }) => sandbox && name === ifname)
  const earlier = own < 0 ? interfaces : interfaces.slice(0, own)
  const isUnsaid = earlier.every(({ sandbox }) => !sandbox)
  return earlier.filter(({ sandbox }) => isUnsaid || sandbox).map(({ name }) => name)
}

/** The configuration, with the only such interface as `master`. Without one it is unchanged: the default route decides. */
export function withMaster<Config extends ParentConfig>(request: Request<Config>): Config {
  const { config } = request
  if (config.master || !config.linkInContainer) return config
  const [only, ...more] = madeBefore(request)
  return only && more.length === 0 ? { ...config, master: only } : config
}
