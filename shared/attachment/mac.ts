/** The MAC address of a container's interface: asked for, or following from the attachment. */

import { CniError, Code } from '../cni/error.ts'
import { attachmentKey, hashedName } from '../cni/identity.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { formatMac, isUnicastMac, parseMac } from '../ip/mac.ts'

export interface MacConfig {
  args?: { cni?: { mac?: string } }
  runtimeConfig?: { mac?: string }
}

/**
 * What was asked for, in the three places that may ask (CONVENTIONS.md of the CNI project): `runtimeConfig.mac` before
 * `args.cni.mac` before MAC in CNI_ARGS; undefined when nobody asks.
 */
export function requestedMac({ args, config }: Request<MacConfig>): string | undefined {
  const mac = config.runtimeConfig?.mac || config.args?.cni?.mac || args.MAC
  if (!mac) return undefined
  const bytes = parseMac(mac)
  if (bytes && isUnicastMac(bytes)) return mac
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `the requested MAC address ${JSON.stringify(mac)} cannot be an interface's`,
    hint: 'allowed are six bytes like 02:00:5e:10:00:01, neither multicast nor all zeros',
  })
}

/**
 * A MAC address that follows from a text, so that what is wired again has the one it had: six bytes of a hash, marked
 * as locally administered and unicast (IEEE 802, section 8.2).
 */
export function derivedMac(text: string): string {
  const bytes = Buffer.from(hashedName('', text).slice(0, 12), 'hex')
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 2
  return formatMac(bytes)
}

/** The MAC address of an attachment when nobody asks for another: the same whenever it is wired. */
export function attachmentMac(attachment: Attachment): string {
  return derivedMac(attachmentKey(attachment))
}
