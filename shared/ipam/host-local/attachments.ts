/**
 * Where entries are kept: those that an index was made with in one file (base.ts), every later one as the text of a
 * symlink named after it, which the kernel makes in one call, whole or not at all. The symlink counts. A file takes its
 * place where the text is too long for one.
 */

import { KernelError } from '../../kernel/errno.ts'
import {
  makeDirectory,
  makeLink,
  readDirectory,
  readFileIfAny,
  readLink,
  remove,
  removeTree,
  stat,
} from '../../kernel/files.ts'
import { overwrite } from '../../kernel/in-place.ts'
import { findInBase, namesInBase, readBase, writeBase } from './base.ts'
import { type Entry, formatEntry, parseEntry } from './entries.ts'

/** PATH_MAX, include/uapi/linux/limits.h: a symlink's text with its terminating NUL. */
const LONGEST = 4096

const baseIn = (root: string) => `${root}/base`
const linksIn = (root: string) => `${root}/attachments`

/** Who finds an entry looks whether its records agree: one of an attachment that is gone may stay in the base. */
export function readEntry(root: string, name: string): Entry | undefined {
  return readLater(root, name) ?? findInBase(baseIn(root), name)
}

function readLater(root: string, name: string): Entry | undefined {
  const path = `${linksIn(root)}/${name}`
  return parseEntry(readLink(path) ?? readFileIfAny(path))
}

/** Puts an entry in the place of the one that was there, or none. @throws KernelError */
export function writeEntry(root: string, name: string, entry: Entry | undefined): void {
  const path = `${linksIn(root)}/${name}`
  const text = entry && formatEntry(entry)
  const isLong = text !== undefined && text.length >= LONGEST
  if (text !== undefined && !isLong && makeLink(path, text)) return
  remove(path)
  if (isLong) overwrite(path, text)
  else if (text !== undefined) makeLink(path, text)
}

/** The names of all entries that begin so. */
export function entryNames(root: string, prefix: string): string[] {
  const later = linkNames(root).filter((name) => name.startsWith(prefix))
  return [...new Set([...namesInBase(baseIn(root), prefix), ...later])]
}

/** All entries that can be read; none where there is no index. */
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

/** Begins anew with these entries. @throws KernelError */
export function writeEntries(root: string, entries: ReadonlyMap<string, Entry | undefined>): void {
  removeTree(linksIn(root))
  makeDirectory(linksIn(root), 0o700)
  for (const [name, entry] of writeBase(baseIn(root), entries)) writeEntry(root, name, entry)
}

function linkNames(root: string): string[] {
  return stat(linksIn(root)) ? readDirectory(linksIn(root)).map(({ name }) => name) : []
}
