/** The MAC address that was asked for, from the three places that may ask (CONVENTIONS.md of the CNI project). */

import { CniError, Code } from '../cni/error.ts'
import type { Request } from '../cni/plugin.ts'
import { isUnicastMac, parseMac } from '../ip/mac.ts'

interface MacConfig {
  args?: { cni?: { mac?: string } }
  runtimeConfig?: { mac?: string }
}

/** `runtimeConfig.mac` before `args.cni.mac` before MAC in CNI_ARGS; undefined when nobody asks. */
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
