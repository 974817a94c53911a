/**
 * Where entries are kept: those that an index was made with in one file (base.ts), every later one as the text of a
 * symlink named after it, which the kernel makes in one call, whole or not at all. The symlink counts.
 */

import {
  makeDirectory,
  makeLink,
  readDirectory,
  readLink,
  remove,
  removeTree,
  stat,
} from '../../kernel/files.ts'
import { findInBase, namesInBase, readBase, writeBase } from './base.ts'
import { type Entry, formatEntry, parseEntry } from './entries.ts'

const baseIn = (root: string) => `${root}/base`
const linksIn = (root: string) => `${root}/attachments`

/** Who finds an entry looks whether its records agree: one of an attachment that is gone may stay in the base. */
export function readEntry(root: string, name: string): Entry | undefined {
  return parseEntry(readLink(`${linksIn(root)}/${name}`)) ?? findInBase(baseIn(root), name)
}

/** Puts an entry in the place of the one that was there, or none. @throws KernelError */
export function writeEntry(root: string, name: string, entry: Entry | undefined): void {
  const path = `${linksIn(root)}/${name}`
  if (entry && makeLink(path, formatEntry(entry))) return
  remove(path)
  if (entry) makeLink(path, formatEntry(entry))
}

/** The names of all entries that begin so. */
export function entryNames(root: string, prefix: string): string[] {
  const later = linkNames(root).filter((name) => name.startsWith(prefix))
  return [...new Set([...namesInBase(baseIn(root), prefix), ...later])]
}

/** All entries; none where there is no index. */
export function readEntries(root: string): Map<string, Entry> {
  const entries = readBase(baseIn(root))
  for (const name of linkNames(root)) {
    const entry = parseEntry(readLink(`${linksIn(root)}/${name}`))
    if (entry) entries.set(name, entry)
  }
  return entries
}

/** Begins anew with these entries. @throws KernelError */
export function writeEntries(root: string, entries: ReadonlyMap<string, Entry | undefined>): void {
  removeTree(linksIn(root))
  makeDirectory(linksIn(root), 0o700)
  writeBase(baseIn(root), entries)
}

function linkNames(root: string): string[] {
  return stat(linksIn(root)) ? readDirectory(linksIn(root)).map(({ name }) => name) : []
}
