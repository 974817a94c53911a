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

/** Paths of all entries below a directory, sorted, with the kind of each. */
export async function entriesOf(root: string): Promise<{ path: string; isFile: boolean }[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .map((entry) => ({ path: join(entry.parentPath, entry.name), isFile: entry.isFile() }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Gives all entries one time, in seconds since the epoch. */
export async function setTimes(root: string, seconds: number): Promise<void> {
  for (const { path } of await entriesOf(root)) await lutimes(path, seconds, seconds)
  await lutimes(root, seconds, seconds)
}
