/** Which attachments ADD has made iptables rules for: where the kernel hides whether iptables-legacy is in use, only this tells. */

import type { Attachment } from '../cni/plugin.ts'
import { type Noted, noted } from '../state/noted.ts'

/** What makes rules: each has a note of its own, since one may be removed while the other stays. */
export type Feature = 'masquerade' | 'portmap'

const users: Record<Feature, Noted> = {
  masquerade: noted('firewall/iptables'),
  portmap: noted('firewall/iptables-portmap'),
}

/** For ADD, before iptables is run. */
export function noteUser(attachment: Attachment, feature: Feature = 'masquerade'): void {
  users[feature].note(attachment)
}

/** For DEL, after the rules are gone. */
export function forgetUser(attachment: Attachment, feature: Feature = 'masquerade'): void {
  users[feature].forget(attachment)
}

/** For GC: the same for a network's attachments that are not valid any more. */
export function forgetStaleUsers(
  network: string,
  valid: Omit<Attachment, 'network'>[],
  feature: Feature = 'masquerade',
): void {
  users[feature].stale(network, valid).forEach(users[feature].forget)
}

/** Without an attachment: whether there is any. */
export function isUser(attachment: Attachment | undefined, feature: Feature): boolean {
  return attachment ? users[feature].find(attachment) !== undefined : users[feature].hasAny()
}
