/** What portmap has done for an attachment, on disk: DEL and GC need neither configuration nor addresses, and `patchbay reapply` does it again. */

import * as z from 'zod/mini'
import { formatAddress, parseAddress } from '../ip/address.ts'
import { formatCidr, parseCidr } from '../ip/subnet.ts'
import { type Protocol, protocols } from '../netlink/nftables-types.ts'
import { attachmentRecords } from '../state/attachment-records.ts'
import type { Recorded } from '../state/former.ts'
import { isCutOff } from './ended.ts'
import type { PortRules } from './portmap-rules.ts'
import { owner } from './table.ts'

const mapping = () =>
  z.object({
    protocol: z.enum(Object.keys(protocols) as Protocol[]),
    hostPort: z.number(),
    containerPort: z.number(),
    hostIP: z.optional(z.string()),
  })

const rule = () =>
  z.object({
    address: z.string(),
    via: z.optional(z.string()),
    links: z.optional(z.array(z.string())),
    mappings: z.array(mapping()),
    snat: z.boolean(),
    masqAll: z.boolean(),
    conditions: z.optional(z.array(z.string())),
    markMasqBit: z.optional(z.number()),
    externalSetMarkChain: z.optional(z.string()),
  })

export const kept = attachmentRecords('firewall/portmap', () => ({
  backend: z.enum(['nftables', 'iptables']),
  rules: z.array(rule()),
}))

export type PortmapRecord = NonNullable<ReturnType<typeof kept.find>>

/** A record of rules. */
export function toRecord(
  attachment: Recorded,
  backend: PortmapRecord['backend'],
  rules: PortRules[],
): PortmapRecord {
  const { network, containerID, ifname, netns } = attachment
  const written = rules.map(({ attachment: _, address, mappings, ...rest }) => ({
    ...rest,
    address: formatCidr(address),
    mappings: mappings.map(({ hostIP, ...one }) => ({ ...one, hostIP: hostIP && formatAddress(hostIP) })),
  }))
  return { network, containerID, ifname, netns, backend, rules: written }
}

/** The rules of a record; an address that cannot be read is left out. */
export function rulesOf({ rules, ...attachment }: PortmapRecord): PortRules[] {
  return rules.flatMap(({ address, mappings, ...rest }) => {
    const cidr = parseCidr(address)
    if (!cidr) return []
    const read = mappings.map((one) => ({
      ...one,
      hostIP: one.hostIP ? parseAddress(one.hostIP) : undefined,
    }))
    return { ...rest, attachment, address: cidr, mappings: read }
  })
}

/** Whether the container of a record has ended. */
export function isOver(record: PortmapRecord): boolean {
  return isCutOff(
    record,
    record.rules.flatMap(({ links = [] }) => links),
  )
}

/** The record of the attachment that a comment names. A long comment ends in a hash: all records are looked through then. */
export function recordOf(comment: string): PortmapRecord | undefined {
  const [network = '', containerID = '', ifname = ''] = comment.split('/')
  const found = kept.find({ network, containerID, ifname })
  return found && owner(found) === comment ? found : kept.all().find((one) => owner(one) === comment)
}
