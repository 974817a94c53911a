/** Names derived from an attachment: DEL and GC find what ADD made without a record of it. */

import type { Attachment } from './plugin.ts'

/** FNV-1a of 64 bits (RFC 9923), as 16 hexadecimal digits. It distributes names well; names are not secret. */
function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  return hex(hash >> 32n) + hex(hash & 0xffffffffn)
}

/** 32 bits as 8 digits. Converted to a number first: in QuickJS 2025-04-26 a BigInt's toString(16) and BigInt.asUintN are wrong. */
function hex(half: bigint): string {
  return Number(half).toString(16).padStart(8, '0')
}

/** An interface name: a prefix and a text's hash, cut to the 15 bytes that IFNAMSIZ allows. */
export function hashedName(prefix: string, text: string): string {
  return prefix + fnv1a(text).slice(0, 15 - prefix.length)
}

/** A text that identifies an attachment. None of its three parts contains a slash. */
export function attachmentKey({ network, containerID, ifname }: Attachment): string {
  return `${network}/${containerID}/${ifname}`
}

/** The attachment that such a text identifies; undefined when it is another text. */
export function parseAttachmentKey(text = ''): Attachment | undefined {
  const [network, containerID, ifname] = text.split('/')
  return network && containerID && ifname ? { network, containerID, ifname } : undefined
}

/** 15 hexadecimal digits, for a file name: those of the interface, and 7 of the network. */
export function attachmentHash(attachment: Attachment): string {
  return interfaceHash(attachment) + fnv1a(attachmentKey(attachment)).slice(0, 7)
}

/** 8 digits that are the same whatever the network is called. */
export function interfaceHash({ containerID, ifname }: Omit<Attachment, 'network'>): string {
  return fnv1a(`${containerID}/${ifname}`).slice(0, 8)
}

/** The name of the host end of an attachment's veth pair. */
export function hostIfname(attachment: Attachment): string {
  return hashedName('veth', attachmentKey(attachment))
}

const aliasPrefix = 'patchbay:'
/** dev_set_alias (net/core/dev.c) takes less than IFALIASZ, 256 bytes, with the terminating NUL that an attribute of ours has. */
export const aliasLength = 254

/** The alias of an attachment's interface on the host: `ip link` shows it and GC looks for it. Undefined when it is too long. */
export function attachmentAlias(attachment: Attachment): string | undefined {
  const alias = aliasPrefix + attachmentKey(attachment)
  return Buffer.byteLength(alias) <= aliasLength ? alias : undefined
}

/** The attachment that an alias names; undefined when it is not an alias of Patchbay's. */
export function parseAlias(alias = ''): Attachment | undefined {
  return alias.startsWith(aliasPrefix) ? parseAttachmentKey(alias.slice(aliasPrefix.length)) : undefined
}
