/** Which attachments have something of a kind: each is noted by a pointer, whose name is its hash and whose text its key. */

import { attachmentHash, attachmentKey, parseAttachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { findRecordOf, type Recorded } from './former.ts'
import { pointers } from './pointers.ts'
import { amongValid } from './valid.ts'

export interface Noted {
  /** The attachment as it was noted: its network may have had another name. */
  find(attachment: Recorded): Recorded | undefined
  /** @throws KernelError */
  note(attachment: Recorded): void
  /** Does nothing when the attachment is not noted. */
  forget(attachment: Attachment): void
  /** Whether any attachment is noted. */
  hasAny(): boolean
  /** The attachments of a network that are not valid any more. For GC. */
  stale(network: string, valid: Omit<Attachment, 'network'>[]): Attachment[]
}

/** @param folder as for `pointers` */
export function noted(folder: string): Noted {
  const { get, set, remove, names } = pointers(folder)
  return {
    find: (attachment) => findRecordOf(attachment, (name) => parse(get(name)), names),
    note: (attachment) => set(attachmentHash(attachment), format(attachment)),
    forget: (attachment) => remove(attachmentHash(attachment)),
    hasAny: () => names().length > 0,
    stale: (network, valid) => {
      const isValid = amongValid(valid)
      const all = names().flatMap((name) => parseAttachmentKey(get(name)) ?? [])
      return all.filter((one) => one.network === network && !isValid(one))
    },
  }
}

/** A path begins with a slash, and has no other meaning in a key. */
function format(attachment: Recorded): string {
  return attachmentKey(attachment) + (attachment.netns ? `/${attachment.netns}` : '')
}

function parse(text = ''): Recorded | undefined {
  const attachment = parseAttachmentKey(text)
  return attachment && { ...attachment, netns: text.split('/').slice(3).join('/') }
}
