/** What the reference's host-local does with the same directory: plugins/ipam/host-local/backend/disk of its sources. */

import type { Product } from './load.ts'

type Kernel = Pick<Product, 'files' | 'inPlace' | 'lock'>

const never = { milliseconds: 0, timedOut: () => new Error('the lock was not free') }

/** Reserves the first free address: the file is made under its final name, and then written. @returns undefined: all are taken */
export function referenceAdd(
  { files, inPlace, lock }: Kernel,
  directory: string,
  record: string,
  addresses: readonly string[],
): string | undefined {
  files.makeDirectory(directory)
  return lock.withLock(
    `${directory}/lock`,
    () => {
      const found = addresses.find((address) => makeNew(files, `${directory}/${address}`, record))
      if (found) inPlace.overwrite(`${directory}/last_reserved_ip.0`, found)
      return found
    },
    never,
  )
}

function makeNew(files: Kernel['files'], path: string, text: string): boolean {
  try {
    const { WRONLY, CREAT, EXCL } = files.Open
    files.withFile(path, WRONLY | CREAT | EXCL, (fd) => files.writeAll(fd, Buffer.from(text)))
    return true
  } catch (error) {
    if (String(error).includes('EEXIST')) return false
    throw error
  }
}

/** Removes every record of a holder. */
export function referenceDel({ files, lock }: Kernel, directory: string, record: string): void {
  files.makeDirectory(directory)
  lock.withLock(
    `${directory}/lock`,
    () => {
      for (const { name } of files.readDirectory(directory))
        if (files.readFile(`${directory}/${name}`) === record) files.remove(`${directory}/${name}`)
    },
    never,
  )
}
