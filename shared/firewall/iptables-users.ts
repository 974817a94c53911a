/** Which attachments ADD has made iptables rules for: where the kernel hides whether iptables-legacy is in use, only this tells. */

import { isValid } from '../cni/attachments.ts'
import { attachmentHash, attachmentKey, parseAttachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { pointers } from '../state/pointers.ts'

const users = pointers('firewall/iptables')

/** For ADD, before iptables is run. */
export function noteUser(attachment: Attachment): void {
  users.set(attachmentHash(attachment), attachmentKey(attachment))
}

/** For DEL, after the rules are gone. */
export function forgetUser(attachment: Attachment): void {
  users.remove(attachmentHash(attachment))
}

/** For GC: the same for a network's attachments that are not valid any more. */
export function forgetStaleUsers(network: string, valid: Omit<Attachment, 'network'>[]): void {
  for (const name of users.names()) {
    const user = parseAttachmentKey(users.get(name))
    if (user?.network === network && !isValid(valid, user)) users.remove(name)
  }
}

/** Without an attachment: whether there is any. */
export function isUser(attachment?: Attachment): boolean {
  return attachment ? users.get(attachmentHash(attachment)) !== undefined : users.names().length > 0
}
