/**
 * What is known of an attachment besides the reference's records: a symlink named after it, whose target is the text. The
 * kernel makes one whole or not at all, in a single call, and finds it by name among any number.
 */

import { hashedName } from '../../device/names.ts'
import { makeLink, readDirectory, readLink, remove, stat } from '../../kernel/files.ts'
import type { Holder } from './records.ts'

/** An attachment's reservations. */
export interface Entry {
  containerID: string
  ifname?: string
  /** The time of each record's last change, nanoseconds since the epoch, by the name of its file. */
  addresses: Record<string, string>
  /** The path of the container's namespace and its inode, where they are known. */
  netns?: { path: string; inode: string }
  /** Under which name its addresses are kept for it when it leaves. */
  sticky?: string
}

/** The name of an attachment's entry; one without an interface is of an old release's record. */
export function entryName({ containerID, ifname = '' }: Partial<Holder>): string {
  const name = `${containerID}:${ifname}`.replaceAll('%', '%25').replaceAll('/', '%2f')
  return Buffer.byteLength(name) <= 255 ? name : hashedName('#', name)
}

/** @returns undefined when there is none, or it cannot be read */
export function readEntry(directory: string, name: string): Entry | undefined {
  const text = readLink(`${directory}/${name}`)
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Puts an entry in the place of the one that was there, or none. @throws KernelError */
export function writeEntry(directory: string, name: string, entry: Entry | undefined): void {
  const path = `${directory}/${name}`
  const text = entry && JSON.stringify(entry)
  if (text !== undefined && makeLink(path, text)) return
  if (text !== undefined && readLink(path) === text) return
  remove(path)
  if (text !== undefined) makeLink(path, text)
}

/** All entries of a directory by their names; none where there is no directory. */
export function listEntries(directory: string): Map<string, Entry> {
  const names = stat(directory) ? readDirectory(directory).map(({ name }) => name) : []
  return new Map(
    names.flatMap((name) => {
      const entry = readEntry(directory, name)
      return entry ? [[name, entry] as const] : []
    }),
  )
}
