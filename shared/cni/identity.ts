/** Names derived from an attachment, so that DEL and GC find what ADD made without having been told. */

import type { Attachment } from './plugin.ts'

/** FNV-1a of 64 bits (RFC 9923), as 16 hexadecimal digits: spreads names well; nothing here is a secret. */
function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  return hex(hash >> 32n) + hex(hash & 0xffffffffn)
}

/** 32 bits. By way of a number: QuickJS 2025-04-26 errs in a BigInt's toString(16), as in BigInt.asUintN. */
function hex(half: bigint): string {
  return Number(half).toString(16).padStart(8, '0')
}

/** An interface name: a prefix, and as much of a text's hash as fits into the 15 bytes that IFNAMSIZ allows. */
export function hashedName(prefix: string, text: string): string {
  return prefix + fnv1a(text).slice(0, 15 - prefix.length)
}

/** What tells an attachment from all others, as text: none of the three parts holds a slash. */
export function attachmentKey({ network, containerID, ifname }: Attachment): string {
  return `${network}/${containerID}/${ifname}`
}

/** The same as a file's name of 15 digits. */
export function attachmentHash(attachment: Attachment): string {
  return hashedName('', attachmentKey(attachment))
}

/** The host's end of an attachment's veth pair. */
export function hostIfname(attachment: Attachment): string {
  return hashedName('veth', attachmentKey(attachment))
}

const aliasPrefix = 'patchbay:'
/** IFALIASZ, include/uapi/linux/if.h, less the terminating NUL. */
const aliasLength = 255

/** The alias by which `ip link` tells whose a host's interface is, and GC finds it; none when it would not fit. */
export function attachmentAlias(attachment: Attachment): string | undefined {
  const alias = aliasPrefix + attachmentKey(attachment)
  return Buffer.byteLength(alias) <= aliasLength ? alias : undefined
}

/** The attachment that an alias names; undefined when it is not ours. */
export function parseAlias(alias = ''): Attachment | undefined {
  if (!alias.startsWith(aliasPrefix)) return undefined
  const [network, containerID, ifname] = alias.slice(aliasPrefix.length).split('/')
  return network && containerID && ifname ? { network, containerID, ifname } : undefined
}
