/** What plugins need that change what earlier plugins of a list have made: the earlier result, and the container's addresses in it. */

import type { Request } from '../cni/plugin.ts'
import type { Ip, Result } from '../cni/result.ts'
import { CniError, Code } from '../error/error.ts'
import { commandIn } from '../netlink/command.ts'

/**
 * The result of the earlier plugins, which ADD and CHECK need.
 * @param words the reference's words for its absence, which callers may look for
 * @throws CniError
 */
export function requirePrevResult({ prevResult, plugin }: Request, words: string): Result {
  if (prevResult) return prevResult
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: words,
    hint: `list ${plugin} in "plugins" after the plugin that makes the interface`,
  })
}

/**
 * The error of ADD when no earlier plugin has made the container's interface.
 * @param words the reference's for it, which callers may look for
 */
export function noInterface(
  request: Request,
  words = `CNI_IFNAME: the container has no interface ${request.ifname}`,
): CniError {
  return new CniError(Code.InvalidEnvironment, {
    msg: `${words}: put ${request.plugin} after the plugin that makes it`,
    hint: 'an earlier plugin in the list must make it',
    see: commandIn(request, 'ip link show'),
    errno: 'ENODEV',
  })
}

/** The addresses of the container's interface: those that name it, or none. A result of an old version names no interface. */
export function ownIps({ interfaces, ips }: Result, ifname: string): Ip[] {
  const isOwn = ({ interface: index }: Ip) => {
    const named = index === undefined ? undefined : interfaces[index]
    return !named || (named.name === ifname && Boolean(named.sandbox))
  }
  return ips.filter(isOwn)
}
