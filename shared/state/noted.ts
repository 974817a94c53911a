/** Which attachments have something of a kind: each is noted by a pointer, whose name is its hash and whose text its key. */

import { attachmentHash, attachmentKey, parseAttachmentKey } from '../cni/identity.ts'
import type { Attachment } from '../cni/plugin.ts'
import { findRecordOf, type Recorded } from './former.ts'
import { pointers } from './pointers.ts'
import { amongValid } from './valid.ts'

/** A noted attachment, and what was noted of it. */
export interface Note extends Recorded {
  more: string
}

export interface Noted {
  /** The attachment as it was noted: its network may have had another name. */
  find(attachment: Recorded): Note | undefined
  /**
   * @param more what else is to be known; one that is too long for a pointer is not kept
   * @throws KernelError
   */
  note(attachment: Recorded, more?: string): void
  /** Does nothing when the attachment is not noted. */
  forget(attachment: Attachment): void
  /** Whether any attachment is noted. */
  hasAny(): boolean
  /** The attachments of a network that are not valid any more. For GC. */
  stale(network: string, valid: Omit<Attachment, 'network'>[]): Note[]
  all(): Note[]
}

/** @param folder as for `pointers` */
export function noted(folder: string): Noted {
  const { get, set, remove, names } = pointers(folder)
  const all = () => names().flatMap((name) => parse(get(name)) ?? [])
  return {
    find: (attachment) => findRecordOf(attachment, (name) => parse(get(name)), names),
    note: (attachment, more) => set(attachmentHash(attachment), format(attachment, more)),
    forget: (attachment) => remove(attachmentHash(attachment)),
    hasAny: () => names().length > 0,
    stale: (network, valid) => {
      const isValid = amongValid(valid)
      return all().filter((one) => one.network === network && !isValid(one))
    },
    all,
  }
}

/** The longest text of a pointer, bytes: that of a path (PATH_MAX, include/uapi/linux/limits.h), with its terminating NUL. */
const longest = 4095

/** A path begins with a slash, and has no other meaning in a key. What else is noted is on the next line. */
function format(attachment: Recorded, more = ''): string {
  const text = attachmentKey(attachment) + (attachment.netns ? `/${attachment.netns}` : '')
  const whole = more ? `${text}\n${more}` : text
  return Buffer.byteLength(whole) <= longest ? whole : text
}

function parse(text = ''): Note | undefined {
  const end = text.indexOf('\n')
  const [place, more] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1)]
  const attachment = parseAttachmentKey(place)
  return attachment && { ...attachment, netns: place.split('/').slice(3).join('/'), more }
}
