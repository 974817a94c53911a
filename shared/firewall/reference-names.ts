/** Names of chains and comments as the Go reference makes them, so that each program finds the other's rules. */

import { sha512 } from '@noble/hashes/sha2.js'
import type { Attachment } from '../cni/plugin.ts'

/** The longest name of a chain in iptables, characters. */
const maximumLength = 28
/** XT_MAX_COMMENT_LEN less the terminating NUL, include/uapi/linux/netfilter/xt_comment.h. */
const commentLength = 255
/** Digits of a hash in the comments of nftables. */
const tagLength = 16

/** The chain of a container: `CNI-` and the beginning of a hash (`utils.MustFormatChainNameWithPrefix` of the reference). */
export function chainName({ network, containerID }: Omit<Attachment, 'ifname'>, prefix = ''): string {
  return `CNI-${prefix}${hashOf(network + containerID)}`.slice(0, maximumLength)
}

/** The beginning of the comments on a network's rules in nftables (`hashForNetwork`, which a hyphen follows). */
export function networkTag(network: string): string {
  return `${hashOf(network).slice(0, tagLength)}-`
}

/** The beginning of the comments on an attachment's rules in nftables (`hashForInstance`). */
export function attachmentTag({ network, containerID, ifname }: Attachment): string {
  return networkTag(network) + hashOf(`${ifname}:${containerID}`).slice(0, tagLength)
}

/** SHA-512 of a text, in hexadecimal. */
export function hashOf(text: string): string {
  return Buffer.from(sha512(Buffer.from(text))).toString('hex')
}

/** The comment on each rule of a container in iptables (`utils.FormatComment` of the reference). */
export function ruleComment({ network, containerID }: Omit<Attachment, 'ifname'>): string {
  return `name: "${network}" id: "${containerID}"`.slice(0, commentLength)
}

/** The comment on the rules that lead to the chain of a container's host ports (`trimComment` of the reference's portmap). */
export function portComment(attachment: Omit<Attachment, 'ifname'>): string {
  return `dnat ${ruleComment(attachment)}`.slice(0, commentLength)
}
