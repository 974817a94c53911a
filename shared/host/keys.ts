/** Keys of what the host does for containers: masquerade, and reaching them on its own NIC. */

import type { Complaint } from '../cni/error.ts'
import { boolean, describe, oneOf, optional, withDefault } from '../cni/schema.ts'

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
