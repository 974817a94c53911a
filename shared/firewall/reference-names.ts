/** Names of chains and comments as the Go reference makes them, so that each program finds the other's rules. */

import { sha512 } from '@noble/hashes/sha2.js'
import type { Attachment } from '../cni/plugin.ts'

/** The longest name of a chain in iptables, characters. */
const maximumLength = 28
/** XT_MAX_COMMENT_LEN less the terminating NUL, include/uapi/linux/netfilter/xt_comment.h. */
const commentLength = 255

/** The chain of a container: `CNI-` and the beginning of a hash (`utils.MustFormatChainNameWithPrefix` of the reference). */
export function chainName({ network, containerID }: Omit<Attachment, 'ifname'>): string {
  const hash = Buffer.from(sha512(Buffer.from(network + containerID))).toString('hex')
  return `CNI-${hash}`.slice(0, maximumLength)
}

/** The comment on each rule of a container (`utils.FormatComment` of the reference). */
export function ruleComment({ network, containerID }: Omit<Attachment, 'ifname'>): string {
  return `name: "${network}" id: "${containerID}"`.slice(0, commentLength)
}
