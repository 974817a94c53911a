/** Files of a release in a directory: places, texts, times. */

import { cp, lutimes, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** A directory to be packed. Paths are relative to it; missing folders are made. */
export function treeIn(root: string) {
  const place = async (path: string) => {
    const full = join(root, path)
    await mkdir(dirname(full), { recursive: true })
    return full
  }
  return {
    text: async (path: string, text: string, mode = 0o644) => writeFile(await place(path), text, { mode }),
    /** A text compressed as `gzip -9n`, without a name or time. */
    gzip: async (path: string, text: string) => writeFile(await place(path), gzipSync(text, { level: 9 })),
    link: async (path: string, target: string) => symlink(target, await place(path)),
    /** Copies a file, or a folder with its links as they are. */
    copy: async (from: string, path: string) =>
      cp(from, await place(path), { recursive: true, verbatimSymlinks: true }),
  }
}

export type Tree = ReturnType<typeof treeIn>

/** An entry of a directory, with its whole path. */
export interface TreeEntry {
  path: string
  isFile: boolean
}

/** All entries below a directory, sorted; links are not followed, as readdir's own recursion does. */
export async function entriesOf(root: string): Promise<TreeEntry[]> {
  const entries = await readdir(root, { withFileTypes: true })
  const each = entries.map(async (entry): Promise<TreeEntry[]> => {
    const path = join(root, entry.name)
    return [{ path, isFile: entry.isFile() }, ...(entry.isDirectory() ? await entriesOf(path) : [])]
  })
  return (await Promise.all(each)).flat().sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Gives all entries one time, in seconds since the epoch. */
export async function setTimes(root: string, seconds: number): Promise<void> {
  for (const { path } of await entriesOf(root)) await lutimes(path, seconds, seconds)
  await lutimes(root, seconds, seconds)
}
