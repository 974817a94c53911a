/** Keys that several kinds of interface have, with the reference's names. */

import { describe, ifname, integer, optional, withDefault } from '../config/schema.ts'
import type { Complaint } from '../error/error.ts'

/** The key `ifname`: every plugin of a list is called with the same CNI_IFNAME. */
export const ifnameKey = describe(
  optional(ifname),
  'Name of the interface in the container. Default: the one that the runtime gives, which is the same for all plugins of a list.',
)

/** The key `mtu`, with the reference's range. @param whose the devices that get it @param otherwise what they have without it */
export function mtuOf(whose: string, otherwise = "the kernel's default") {
  return describe(withDefault(integer({ min: 0, max: 65535 }), 0), `MTU of ${whose}. 0: ${otherwise}.`)
}

/** The rule for the key `mtu`. */
export function possibleMtu({ mtu }: { mtu: number }): Complaint | undefined {
  if (mtu === 0 || mtu >= 68) return undefined
  return { msg: `mtu: must be 0 or from 68 (RFC 791) to 65535, found ${mtu}` }
}

/** What the newest kernels take (IFLA_TXQLEN, Linux 7.2). */
const mostQueueLength = 0x7fff

export const txQueueLen = describe(
  optional(integer({ min: 0, max: mostQueueLength })),
  'Transmit queue length of both ends, in packets.',
)
