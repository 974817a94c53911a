/** The keys for masquerade and host access. */

import { boolean, describe, either, oneOf, optional, withDefault } from '../config/schema.ts'
import type { Complaint } from '../error/error.ts'

export const masqueradeKeys = {
  ipMasq: describe(
    withDefault(either('true, false, "ipv4" or "ipv6"', boolean, oneOf('ipv4', 'ipv6')), false),
    "Masquerade what containers send beyond their subnet as the host's: of both families, or of one.",
  ),
  ipMasqBackend: describe(
    optional(oneOf('nftables', 'iptables')),
    'What masquerades. Default: nftables where the kernel has it.',
  ),
}

export const hostAccessKeys = {
  hostAccess: describe(
    withDefault(boolean, false),
    'Let the host and the containers reach each other; without it they cannot.',
  ),
}

/** The rule for `hostAccess`: the host's routes need the containers' addresses. */
export function hostAccessNeedsIpam(config: {
  hostAccess: boolean
  ipam?: { type?: string }
}): Complaint | undefined {
  if (!config.hostAccess || config.ipam?.type) return undefined
  return {
    msg: 'hostAccess needs ipam: the host routes to the addresses of the containers',
    hint: 'set ipam, or take hostAccess out',
  }
}
