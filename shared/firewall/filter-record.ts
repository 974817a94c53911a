/** What each attachment has in the firewall: a record, so that DEL, CHECK and GC need neither the configuration nor the earlier result. */

import * as z from 'zod/mini'
import { attachmentHash } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import type { Table } from '../netlink/nftables.ts'
import { findRecordOf, type Recorded } from '../state/former.ts'
import { records } from '../state/records.ts'
import { amongValid } from '../state/valid.ts'
import type { BackEnd } from './back-end.ts'
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
  backEnd: BackEnd
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

const schema = () =>
  z.object({
    network: z.string(),
    containerID: z.string(),
    ifname: z.string(),
    netns: z.optional(z.string()),
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
  })

/** The reference's defaults. */
export const defaultAdminChain = 'CNI-ADMIN'
export const defaultZone = 'trusted'

const store = records('firewall/filter', schema)

/** The record of an attachment, also under another name of its network. */
export function findFilter(attachment: Recorded): Filter | undefined {
  return findRecordOf<Filter>(attachment, store.read, store.names)
}

/** The record under the attachment's present name, without a look at others. For ADD. */
export function ownFilter(attachment: Attachment): Filter | undefined {
  return store.read(attachmentHash(attachment))
}

/** For ADD, before it changes the firewall. @throws KernelError */
export function noteFilter(filter: Filter): void {
  store.write(attachmentHash(filter), filter)
}

/** Whether there is a record under the attachment's present name, or what a killed ADD has left of one. */
export function hasTrace(attachment: Attachment): boolean {
  return store.hasTrace(attachmentHash(attachment))
}

/** Whether a damaged record of an attachment was set aside. */
export function wasDamaged(attachment: Attachment): boolean {
  return store.wasDamaged(attachmentHash(attachment))
}

/** For DEL, when all else is gone. */
export function forgetFilter(attachment: Attachment): void {
  store.remove(attachmentHash(attachment))
}

/** For `patchbay reapply`. */
export const kept = { all: allFilters, find: findFilter }

/** The records of all attachments. */
function allFilters(): Filter[] {
  return store.all()
}

/** The records of a network's attachments that are not valid any more. For GC. */
export function staleFilters(network: string, valid: Omit<Attachment, 'network'>[]): Filter[] {
  const isValid = amongValid(valid)
  return allFilters().filter((filter) => filter.network === network && !isValid(filter))
}

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
