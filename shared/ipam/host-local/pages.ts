/** Storage of the bitmaps of taken addresses (taken.ts): a file for each page, below the index's directory. */

import { makeDirectory, readDirectoryIfAny, removeTree } from '../../kernel/files.ts'
import { writeAt } from '../../kernel/in-place.ts'
import { readOwnIfAny } from '../../kernel/regular.ts'
import { haveExactly } from '../taken.ts'
import type { Reservation } from './records.ts'

/** A changed page, with its first and last changed byte. */
export interface ChangedPage {
  page: Uint8Array
  from: number
  to: number
}

type ChangedPages = ReadonlyMap<string, ChangedPage>

const pagesIn = (root: string) => `${root}/taken`

/** The page of a name; undefined when there is none. */
export function readPage(root: string, name: string): Uint8Array | undefined {
  return readOwnIfAny(`${pagesIn(root)}/${name}`)
}

/** Writes the changed bytes. @throws KernelError */
export function writePages(root: string, pages: ChangedPages): void {
  for (const [name, { page, from, to }] of pages)
    writeAt(`${pagesIn(root)}/${name}`, from, page.subarray(from, to + 1))
}

/** Replaces all pages. @throws KernelError */
export function replacePages(root: string, pages: ChangedPages): void {
  removeTree(pagesIn(root))
  makeDirectory(pagesIn(root), 0o700)
  writePages(root, pages)
}

/** Whether the pages on disk say of exactly these addresses that they are taken. */
export function pagesAgree(root: string, reservations: readonly Reservation[]): boolean {
  const names = readDirectoryIfAny(pagesIn(root)).map(({ name }) => name)
  const pages = new Map(names.map((name) => [name, readPage(root, name) ?? new Uint8Array()]))
  return haveExactly(
    pages,
    reservations.map(({ address }) => address),
  )
}
