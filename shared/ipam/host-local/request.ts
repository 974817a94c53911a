/** Reads what the runtime requests of host-local, or of a pool, from CNI_ARGS, `args.cni` and `runtimeConfig`. */

import type { Request } from '../../cni/plugin.ts'
import type { Dns } from '../../cni/result.ts'
import { CniError, Code, toCniError } from '../../error/error.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { readRegular } from '../../kernel/regular.ts'
import type { ReservingConfig } from './keys.ts'
import { parseResolvConf } from './resolv.ts'

export type ReservingRequest = Request<ReservingConfig>

/** The requested addresses, without repetitions. A prefix length is ignored. */
export function requestedAddresses({ args, config }: ReservingRequest): Address[] {
  const texts = [args.IP, config.args?.cni?.ips, config.runtimeConfig?.ips].flat()
  const hosts = texts.flatMap((text) => (text ? parseHost(text) : []))
  return [...new Map(hosts.map((address) => [formatAddress(address), address])).values()]
}

function parseHost(text: string): Address {
  const address = parseAddress(text) ?? parseCidr(text)?.address
  if (address) return address
  throw new CniError(Code.InvalidEnvironment, {
    msg: `CNI_ARGS: IP is ${JSON.stringify(text)}, must be an IP address`,
    hint: 'write it like IP=192.0.2.7',
  })
}

/**
 * The name under which a container's addresses are kept after DEL: its sticky key, its pod's name, or its ID.
 * @returns undefined when the network is not sticky
 * @throws CniError of code 4 for an invalid name
 */
export function stickyKey({ args, config, containerID }: ReservingRequest): string | undefined {
  if (!config.ipam.sticky) return undefined
  const { STICKY_KEY, K8S_POD_NAMESPACE, K8S_POD_NAME } = args
  const given = STICKY_KEY ?? (config.args?.cni as { stickyKey?: unknown } | undefined)?.stickyKey
  const pod = K8S_POD_NAMESPACE && K8S_POD_NAME && `${K8S_POD_NAMESPACE}/${K8S_POD_NAME}`
  const key = given ?? (pod || containerID)
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new CniError(Code.InvalidEnvironment, {
    msg: `the sticky key is ${JSON.stringify(key)}, must be 1 to 200 printable characters without spaces`,
    hint: 'it comes from STICKY_KEY in CNI_ARGS, or args.cni.stickyKey, or the name of the pod',
  })
}

/** The sticky key for DEL, which must not fail: undefined when it is absent or invalid. */
export function stickyKeyIfAny(request: ReservingRequest): string | undefined {
  try {
    return request.config.ipam && stickyKey(request)
  } catch {
    return undefined
  }
}

/** The DNS settings in the file `ipam.resolvConf`; none without it. @throws CniError of code 7 */
export function dnsFor({ config }: ReservingRequest): Dns {
  const { resolvConf } = config.ipam
  if (!resolvConf) return {}
  try {
    return parseResolvConf(readRegular(resolvConf))
  } catch (error) {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `ipam.resolvConf: ${toCniError(error).message}`,
      hint: 'name an existing file, or remove resolvConf',
      cause: error,
    })
  }
}
