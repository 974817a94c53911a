/** A compressed archive whose bytes depend only on what is in it and on one time: not on the machine, the user or the clock. */

import { createWriteStream } from 'node:fs'
import { basename, dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { execa } from 'execa'

/** GNU tar. Directories and executables get mode 755, other files 644. */
const sameEverywhere = [
  '--format=gnu',
  '--sort=name',
  '--owner=root:0',
  '--group=root:0',
  '--mode=u=rwX,go=rX',
]

/**
 * Packs a directory under its name.
 * @param file the archive, `….tar.gz`
 * @param seconds the time of each file, since the epoch
 */
export async function tarball(directory: string, file: string, seconds: number): Promise<void> {
  const place = ['--directory', dirname(directory), basename(directory)]
  const tar = execa('tar', ['--create', ...sameEverywhere, `--mtime=@${seconds}`, ...place], {
    buffer: { stdout: false },
    env: { LC_ALL: 'C' },
    stdin: 'ignore',
  })
  // Node's own gzip writes no time into the header, and is the same on every machine.
  await Promise.all([tar, pipeline(tar.stdout, createGzip({ level: 9 }), createWriteStream(file))])
}
