/** Which attachments ADD has made iptables rules for: where the kernel hides whether iptables-legacy is in use, only this tells. */

import type { Attachment } from '../cni/plugin.ts'
import { noted } from '../state/noted.ts'

const users = noted('firewall/iptables')

/** For ADD, before iptables is run. */
export const noteUser = users.note

/** For DEL, after the rules are gone. */
export const forgetUser = users.forget

/** For GC: the same for a network's attachments that are not valid any more. */
export function forgetStaleUsers(network: string, valid: Omit<Attachment, 'network'>[]): void {
  users.stale(network, valid).forEach(forgetUser)
}

/** Without an attachment: whether there is any. */
export function isUser(attachment?: Attachment): boolean {
  return attachment ? users.find(attachment) !== undefined : users.hasAny()
}
