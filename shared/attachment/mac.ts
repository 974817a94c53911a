/** The MAC address of a container's interface: the requested one, or one derived from the attachment. */

import { attachmentKey, hashedName } from '../cni/identity.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { formatMac, isUnicastMac, parseMac } from '../ip/mac.ts'

export interface MacConfig {
  args?: { cni?: { mac?: string } }
  runtimeConfig?: { mac?: string }
}

/**
 * The requested MAC address, or undefined: the first of `runtimeConfig.mac`, `args.cni.mac` and MAC in CNI_ARGS that is
 * set (CONVENTIONS.md of the CNI project).
 * @throws CniError when it is no unicast MAC address
 */
export function requestedMac({
  args,
  config,
}: Pick<Request<MacConfig>, 'args' | 'config'>): string | undefined {
  const mac = config.runtimeConfig?.mac || config.args?.cni?.mac || args.MAC
  if (!mac) return undefined
  const bytes = parseMac(mac)
  if (bytes && isUnicastMac(bytes)) return mac
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the requested MAC address ${JSON.stringify(mac)} is not a unicast MAC address`,
    hint: 'use six bytes like 02:00:5e:10:00:01, neither multicast nor all zeros',
  })
}

/**
 * The MAC address that belongs to a text, always the same: six bytes of a hash, locally administered and unicast
 * (IEEE 802, section 8.2).
 */
export function derivedMac(text: string): string {
  const bytes = Buffer.from(hashedName('', text).slice(0, 12), 'hex')
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 2
  return formatMac(bytes)
}

/** The MAC address of an attachment if none is requested: the same after DEL and ADD. */
export function attachmentMac(attachment: Attachment): string {
  return derivedMac(attachmentKey(attachment))
}
