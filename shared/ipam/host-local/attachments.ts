/**
 * Storage of the index's entries. One file (base.ts) holds nearly all entries that the index was made with. Each later entry is
 * the text of a symlink of its name, which the kernel makes in one call. A text that is too long goes into a regular file, and one with
 * a sticky key, since a symlink cannot be synced to disk. The later entry overrides the one in the base.
 */

import { KernelError } from '../../kernel/errno.ts'
import {
  makeDirectory,
  makeLink,
  readDirectory,
  readLinkOrNull,
  remove,
  removeTree,
} from '../../kernel/files.ts'
import { overwrite } from '../../kernel/in-place.ts'
import { readOwnIfAny } from '../../kernel/regular.ts'
import { stat } from '../../kernel/stat.ts'
import { findInBase, namesInBase, readBase, writeBase } from './base.ts'
import { type Entry, formatEntry, parseEntry } from './entries.ts'

/** PATH_MAX, include/uapi/linux/limits.h: a symlink's text with its terminating NUL. */
const LONGEST = 4096

const baseIn = (root: string) => `${root}/base`
const linksIn = (root: string) => `${root}/attachments`

/** The base may still have the entry of an attachment that is gone: callers compare it with the records. */
export function readEntry(root: string, name: string): Entry | undefined {
  return readLater(root, name) ?? findInBase(baseIn(root), name)
}

function readLater(root: string, name: string): Entry | undefined {
  const path = `${linksIn(root)}/${name}`
  const text = readLinkOrNull(path)
  if (text === null) return undefined
  return parseEntry(text ?? readOwnIfAny(path)?.toString())
}

/** Writes an entry over the one of the same name; undefined removes it. @throws KernelError */
export function writeEntry(root: string, name: string, entry: Entry | undefined): void {
  const path = `${linksIn(root)}/${name}`
  const text = entry && formatEntry(entry)
  const isFile = text !== undefined && (text.length >= LONGEST || entry?.sticky !== undefined)
  if (text !== undefined && !isFile && makeLink(path, text)) return
  remove(path)
  if (isFile) overwrite(path, text)
  else if (text !== undefined) makeLink(path, text)
}

/** Where an entry is, for fsync(2): the directories of the base and of later entries, and the entry's own file. */
export function placesOf(root: string, name: string): string[] {
  return [root, linksIn(root), `${linksIn(root)}/${name}`]
}

/** The names of all entries that begin with a prefix. */
export function entryNames(root: string, prefix: string): string[] {
  const later = linkNames(root).filter((name) => name.startsWith(prefix))
  return [...new Set([...namesInBase(baseIn(root), prefix), ...later])]
}

/** All entries; none when the index is absent or cannot be read. */
export function readEntries(root: string): Map<string, Entry> {
  try {
    const later = linkNames(root).map((name) => [name, readLater(root, name)] as const)
    const entries = [...readBase(baseIn(root)), ...later]
    return new Map(entries.flatMap(([name, entry]) => (entry ? [[name, entry]] : [])))
  } catch (error) {
    if (error instanceof KernelError) return new Map()
    throw error
  }
}

/**
 * Replaces all entries. When it is killed, the old ones or the new ones can be read, and the index does not count as current,
 * because the base's temporary name changes the mtime of `root`.
 * @throws KernelError
 */
export function writeEntries(root: string, entries: ReadonlyMap<string, Entry | undefined>): void {
  makeDirectory(root, 0o700)
  const notInBase = writeBase(baseIn(root), entries)
  removeTree(linksIn(root))
  makeDirectory(linksIn(root), 0o700)
  for (const [name, entry] of notInBase) writeEntry(root, name, entry)
}

function linkNames(root: string): string[] {
  return stat(linksIn(root)) ? readDirectory(linksIn(root)).map(({ name }) => name) : []
}
