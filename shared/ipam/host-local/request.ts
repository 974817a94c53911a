/** What a container asks of host-local, wherever the runtime may say so. */

import { CniError, Code, toCniError } from '../../cni/error.ts'
import type { Request } from '../../cni/plugin.ts'
import type { Dns } from '../../cni/result.ts'
import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { readFile } from '../../kernel/files.ts'
import type { HostLocalConfig } from './config.ts'
import { parseResolvConf } from './resolv.ts'

export type HostLocalRequest = Request<HostLocalConfig>

/** Addresses that are asked for by name; a prefix length is of no interest. */
export function requestedAddresses({ args, config }: HostLocalRequest): Address[] {
  const texts = [args.IP, config.args?.cni?.ips, config.runtimeConfig?.ips].flat()
  const hosts = texts.flatMap((text) => (text ? parseHost(text) : []))
  return hosts.filter(
    (address, at) => hosts.findIndex((one) => formatAddress(one) === formatAddress(address)) === at,
  )
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
 * Under which name a container's addresses are kept when it leaves: the one that it is given, its pod's, or its ID.
 * @returns undefined when nothing is to be kept
 * @throws CniError of code 4 for a name that cannot be
 */
export function stickyKey({ args, config, containerID }: HostLocalRequest): string | undefined {
  if (!config.ipam.sticky) return undefined
  const { STICKY_KEY, K8S_POD_NAMESPACE, K8S_POD_NAME } = args
  const given = STICKY_KEY ?? (config.args?.cni as { stickyKey?: unknown } | undefined)?.stickyKey
  const pod = K8S_POD_NAMESPACE && K8S_POD_NAME && `${K8S_POD_NAMESPACE}/${K8S_POD_NAME}`
  const key = given ?? (pod || containerID)
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new CniError(Code.InvalidEnvironment, {
    msg: `the sticky key is ${JSON.stringify(key)}, must be 1 to 200 printable characters without spaces`,
    hint: 'it is STICKY_KEY of CNI_ARGS or args.cni.stickyKey; without either, the name of the pod',
  })
}

/** The same when it leaves, where nothing may be in the way. */
export function stickyKeyIfAny(request: HostLocalRequest): string | undefined {
  try {
    return request.config.ipam && stickyKey(request)
  } catch {
    return undefined
  }
}

/** DNS settings of the host's own resolver file, if it is to be handed on. @throws CniError of code 7 */
export function dnsFor({ config }: HostLocalRequest): Dns {
  const { resolvConf } = config.ipam
  if (!resolvConf) return {}
  try {
    return parseResolvConf(readFile(resolvConf))
  } catch (error) {
    throw new CniError(Code.InvalidNetworkConfig, {
      msg: `ipam.resolvConf: ${toCniError(error).message}`,
      hint: 'name a file that exists, or take resolvConf out',
      cause: error,
    })
  }
}

/** The reference passes over them too, so they are no reason to refuse. */
export function warnOfIdleKeys({ config, log }: HostLocalRequest): void {
  if (config.ipam.subnet !== undefined) return
  for (const key of ['rangeStart', 'rangeEnd', 'gateway'] as const)
    if (config.ipam[key] !== undefined)
      log.warn(`ipam.${key} is ignored: it goes with ipam.subnet, and each entry of ipam.ranges has its own`)
}
