/** The caches of libcni on this host: its own, and those of programs that keep one beside it. */

import type { Attachment } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { writeFile } from '../../shared/kernel/durable.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { makeDirectory, readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { type Cached, type Decoded, formatEntry, parseEntry, type ToCache } from './cache-entry.ts'
import { type LeftOut, trying } from './left-out.ts'

const home = '/var/lib/cni'

/** Of containerd, CRI-O, podman 4, nerdctl and Nomad. */
const own = `${home}/results`

/** host-local's, which may have a network called `results`. */
const addresses = 'networks'

/** All entries. @throws KernelError when libcni's own cache cannot be read */
export function readCaches(leftOut: LeftOut): Cached[] {
  const others = cachesBeside().flatMap((directory) => trying(directory, filesIn, leftOut))
  const decoded: Decoded = new Map()
  const read = (file: string) => readEntry(file, decoded)
  return [...filesIn(own), ...others].flatMap((file) => trying(file, read, leftOut))
}

/** The entries of one attachment: libcni names their files after it. One that cannot be read is left out. */
export function cachedNow({ network, containerID, ifname }: Attachment): Cached[] {
  const files = [own, ...cachesBeside()].map(
    (directory) => `${directory}/${network}-${containerID}-${ifname}`,
  )
  return files.flatMap((file) =>
    trying(
      file,
      (one) => readEntry(one),
      () => {},
    ),
  )
}

/** Writes an entry to libcni's own cache, atomically; it replaces one of the same attachment. @throws KernelError */
export function writeEntry(one: ToCache): void {
  makeDirectory(own, 0o700)
  writeFile(`${own}/${one.network}-${one.containerID}-${one.ifname}`, formatEntry(one))
}

/** Of Multus, for one. */
function cachesBeside(): string[] {
  const folders = readDirectoryIfAny(home).filter(({ name, directory }) => directory && name !== addresses)
  return folders.map(({ name }) => `${home}/${name}/results`)
}

function filesIn(directory: string): string[] {
  return readDirectoryIfAny(directory).map(({ name }) => `${directory}/${name}`)
}

/** @returns nothing when the file was removed meanwhile */
function readEntry(file: string, decoded?: Decoded): Cached[] {
  const text = tolerate(() => readRegular(file), 'ENOENT', 'ENOTDIR')
  if (text === undefined) return []
  const entry = parseEntry(file, text, decoded)
  if (entry) return [entry]
  throw new CniError(Code.DecodingFailure, { msg: 'it is no entry of libcni' })
}
