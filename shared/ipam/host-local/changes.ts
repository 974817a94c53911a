/** What a call changed in the index, to be written when it is done. */

import { writeAt } from '../../kernel/files.ts'
import type { Place } from '../taken.ts'
import { type Entry, writeEntry } from './entries.ts'

/** The part of a page that was changed, both bytes included. */
interface Span {
  page: Uint8Array
  from: number
  to: number
}

export interface Changes {
  /** By name; undefined for one that is gone. */
  entries: Map<string, Entry | undefined>
  /** By name. */
  pages: Map<string, Span>
}

/** The directories of an index. */
export const entriesIn = (root: string) => `${root}/attachments`
export const pagesIn = (root: string) => `${root}/taken`

/** Notes that a byte of a page is another now. */
export function noteByte({ pages }: Changes, { page: name, byte }: Place, page: Uint8Array): void {
  const { from, to } = pages.get(name) ?? { from: byte, to: byte }
  pages.set(name, { page, from: Math.min(from, byte), to: Math.max(to, byte) })
}

/** Writes the changes into an index's directories. @throws KernelError */
export function writeChanges({ entries, pages }: Changes, root: string): void {
  for (const [name, entry] of entries) writeEntry(entriesIn(root), name, entry)
  for (const [name, { page, from, to }] of pages)
    writeAt(`${pagesIn(root)}/${name}`, from, page.subarray(from, to + 1))
}
