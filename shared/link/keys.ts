/** Keys that several kinds of interface have, in the reference's words. */

import type { Complaint } from '../cni/error.ts'
import { boolean, describe, integer, oneOf, optional, withDefault } from '../cni/schema.ts'

/** An MTU as the reference takes it. @param whose the devices that get it */
export function mtuOf(whose: string) {
  return describe(
    withDefault(integer({ min: 0, max: 65535 }), 0),
    `MTU of ${whose}. 0: the kernel's default.`,
  )
}

/** The rule that goes with the key `mtu`. */
export function possibleMtu({ mtu }: { mtu: number }): Complaint | undefined {
  if (mtu === 0 || mtu >= 68) return undefined
  return { msg: `mtu: must be 0 or from 68 (RFC 791) to 65535, found ${mtu}` }
}

export const txQueueLen = describe(
  optional(integer({ min: 0, max: 1_000_000 })),
  'Transmit queue length of both ends, in packets.',
)

export const masqueradeKeys = {
  ipMasq: describe(
    withDefault(boolean, false),
    "Masquerade what containers send beyond their subnet as the host's.",
  ),
  ipMasqBackend: describe(
    optional(oneOf('nftables', 'iptables')),
    'What masquerades. Default: nftables where the kernel has it.',
  ),
}

export const hostAccessKeys = {
  hostAccess: describe(
    withDefault(boolean, false),
    'Let the host and the containers reach each other, which they cannot by themselves.',
  ),
}

/** The rule that goes with it: the host finds containers by their addresses. */
export function hostAccessNeedsIpam(config: {
  hostAccess: boolean
  ipam?: { type?: string }
}): Complaint | undefined {
  if (!config.hostAccess || config.ipam?.type) return undefined
  return {
    msg: 'hostAccess is set but ipam is not: the host would not know which addresses lead to a container',
    hint: 'set ipam, or take hostAccess out',
  }
}
