/**
 * The journal: what servers have given to each attachment, and what is needed to ask them again. ADD writes it, DEL forgets it, and
 * `patchbay dhcp` renews what it says. It is below /run: what a reboot ends is not in it any more.
 */

import * as z from 'zod/mini'
import { attachmentHash } from '../../cni/identity.ts'
import type { Attachment } from '../../cni/plugin.ts'
import type { Output } from '../../config/schema.ts'
import type { Namespace } from '../../kernel/namespace.ts'
import { statOf } from '../../kernel/stat.ts'
import { stateDirectory } from '../../kernel/state-directory.ts'
import { attachmentRecords } from '../../state/attachment-records.ts'

const times = () => ({
  renew: z.optional(z.number()),
  rebind: z.optional(z.number()),
  expire: z.optional(z.number()),
})

const dns = () =>
  z.object({
    nameservers: z.optional(z.array(z.string())),
    domain: z.optional(z.string()),
    search: z.optional(z.array(z.string())),
  })

const route = () => z.object({ dst: z.string(), gw: z.optional(z.string()) })

const lease4 = () =>
  z.object({
    ...times(),
    address: z.string(),
    server: z.string(),
    gateway: z.optional(z.string()),
    routes: z.array(route()),
    dns: dns(),
    mtu: z.optional(z.number()),
  })

const lease6 = () => z.object({ ...times(), server: z.string(), addresses: z.array(z.string()), dns: dns() })

/** What an entry has of routers. */
const ipv6 = () =>
  z.object({
    /** The kernel makes addresses from their prefixes. */
    slaac: z.boolean(),
    /** The default router, and the metric of the route by it when it is not the kernel's own. */
    gateway: z.optional(z.string()),
    priority: z.optional(z.number()),
    dns: dns(),
  })

/** When a request was sent: milliseconds of the clock that counts from boot (CLOCK_BOOTTIME), from which the lease's times count. */
const since = () => z.number()

/** What a client tells a server, the same in all its messages. Bytes are hexadecimal. */
const client = () =>
  z.object({
    /** Option 61; absent where the MAC address says enough. */
    clientId: z.optional(z.string()),
    hostname: z.optional(z.string()),
    vendorClass: z.optional(z.string()),
    broadcast: z.boolean(),
    request: z.array(z.number()),
    provide: z.array(z.tuple([z.number(), z.string()])),
    /** DHCPv6. */
    duid: z.string(),
    iaid: z.number(),
  })

const result = () =>
  z.object({
    ips: z.array(z.object({ address: z.string(), gateway: z.optional(z.string()) })),
    routes: z.array(
      z.object({ dst: z.string(), gw: z.optional(z.string()), priority: z.optional(z.number()) }),
    ),
    dns: dns(),
    /** Since a server has changed it. */
    mtu: z.optional(z.number()),
  })

const shape = () => ({
  /** Which namespace its path led to: `DEVICE/INODE`. The path may lead to another one later. */
  namespace: z.string(),
  /** The machine's boot. */
  boot: z.optional(z.string()),
  /** The interface, as ADD found it. */
  ifindex: z.number(),
  mac: z.string(),
  /** Its MTU before one of a server: the greatest that it can get. */
  mtu: z.optional(z.number()),
  /** The MAC address that the server's answer came from, the server's or a relay's: for a RELEASE when the interface has its address no more. */
  via: z.optional(z.string()),
  client: client(),
  priority: z.optional(z.number()),
  rapidCommit: z.boolean(),
  lease4: z.optional(z.object({ ...lease4()._zod.def.shape, since: since() })),
  lease6: z.optional(z.object({ ...lease6()._zod.def.shape, since: since() })),
  /** Where it has IPv6. */
  ipv6: z.optional(ipv6()),
  /** What ADD answered. */
  given: result(),
  /** What the interface has now. */
  now: result(),
  /** What it had before, while that is being replaced: the next renewer completes what a killed one has begun. */
  former: z.optional(result()),
})

const folder = 'dhcp'

export const journal = attachmentRecords(folder, shape)

/** Where its files are. */
export const journalDirectory = `${stateDirectory}/${folder}`

/** The file of an attachment's entry. */
export function journalFile(attachment: Attachment): string {
  return `${journalDirectory}/${attachmentHash(attachment)}.json`
}

/** An entry of the journal. */
export type Entry = ReturnType<typeof journal.all>[number]
export type EntryResult = Output<ReturnType<typeof result>>

/** Which namespace an open one is, as an entry has it. */
export function namespaceId({ fd, path }: Namespace): string {
  const { device, inode } = statOf(fd, path)
  return `${device}/${inode}`
}

/** Of an attachment; undefined when there is none. */
export function entryOf(attachment: Attachment): Entry | undefined {
  return journal.find(attachment)
}
