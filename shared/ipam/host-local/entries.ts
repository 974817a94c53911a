/** What is known of an attachment besides the reference's records, and how it is written: a name and a line of text. */

import { hashedName } from '../../cni/identity.ts'
import type { Netns } from './netns.ts'
import type { Holder } from './records.ts'

export interface Entry {
  /** The container's namespace, where it is known. */
  netns?: Netns
  /** Under which name its addresses are kept for it when it leaves. */
  sticky?: string
  /** The time of each record's last change, nanoseconds since the epoch, by the name of its file. */
  addresses: Record<string, string>
}

/** The name of an attachment's entry, as a file may have it; one without an interface is of an old release's record. */
export function entryName({ containerID, ifname = '' }: Partial<Holder>): string {
  const name = `${containerID}:${ifname}`.replace(/[^\w.:-]/g, encodeURIComponent)
  return name.length <= 255 ? name : hashedName('#', name)
}

/** An entry as ASCII text. */
export function formatEntry(entry: Entry): string {
  const text = JSON.stringify(entry)
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** @returns undefined for what is none: damage costs an entry, never a call */
export function parseEntry(text: string | undefined): Entry | undefined {
  try {
    const entry: Entry | undefined = text === undefined ? undefined : JSON.parse(text)
    return entry?.addresses ? entry : undefined
  } catch {
    return undefined
  }
}
