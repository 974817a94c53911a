/** What each attachment has in the firewall: a record, so that DEL, CHECK and GC need neither the configuration nor the earlier result. */

import * as z from 'zod/mini'
import type { Attachment } from '../cni/plugin.ts'
import type { Table } from '../netlink/nftables.ts'
import { type AttachmentRecords, attachmentRecords } from '../state/attachment-records.ts'
import type { Recorded } from '../state/former.ts'
import type { FilterBackEnd } from './decision.ts'
import type { Iptables } from './iptables.ts'

export type IngressPolicy = 'open' | 'same-bridge' | 'isolated'

/** A chain of another program's nftables table. */
export interface ForeignChain {
  family: Exclude<Table['family'], 'bridge'>
  table: string
  chain: string
}

/** What an attachment has, or is to have, in the firewall. */
export interface Filter extends Recorded {
  backEnd: FilterBackEnd
  /** The container's, without prefix lengths. */
  addresses: string[]
  /** By iptables: the tables `filter` that have its rules. */
  tables?: Iptables[]
  adminChain: string
  zone: string
  policy: IngressPolicy
  /** The host's interface that the container's packets come through: the bridge, or the host end of a ptp. */
  through?: string
  /** The container's port of that bridge. */
  port?: string
  hostIngress: boolean
  acceptInto: ForeignChain[]
}

export const kept: AttachmentRecords<Filter> = attachmentRecords('firewall/filter', () => ({
  backEnd: z.literal(['nftables', 'iptables', 'firewalld']),
  addresses: z.array(z.string()),
  tables: z.optional(
    z.array(z.object({ family: z.literal([4, 6]), kind: z.optional(z.literal(['nft', 'legacy'])) })),
  ),
  adminChain: z.string(),
  zone: z.string(),
  policy: z.literal(['open', 'same-bridge', 'isolated']),
  through: z.optional(z.string()),
  port: z.optional(z.string()),
  hostIngress: z.boolean(),
  acceptInto: z.array(
    z.object({ family: z.literal(['ip', 'ip6', 'inet']), table: z.string(), chain: z.string() }),
  ),
}))

/** The reference's defaults. */
export const defaultAdminChain = 'CNI-ADMIN'
export const defaultZone = 'trusted'

/** A filter of which nothing but the attachment is known. */
export function plainFilter({ network, containerID, ifname }: Attachment): Filter {
  const attachment = { network, containerID, ifname }
  const defaults = { adminChain: defaultAdminChain, zone: defaultZone, hostIngress: false }
  return { ...attachment, ...defaults, backEnd: 'nftables', addresses: [], policy: 'open', acceptInto: [] }
}

/** Whether an attachment has nothing in the firewall: containers pass where no chain is closed. */
export function isEmpty({ backEnd, policy, acceptInto }: Filter): boolean {
  return backEnd === 'nftables' && policy === 'open' && acceptInto.length === 0
}
