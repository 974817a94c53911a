/** The network's records on a disk. */

import { directory } from './calls.ts'
import { at, type Disk, namesIn } from './disk.ts'

/** The names of records. */
export function recordsIn(disk: Disk): string[] {
  return namesIn(disk, directory).filter((name) => /^[\d.]+$|^[\da-f]*:[\da-f:]+$/.test(name))
}

/** The text of a record; undefined when the address is free. */
export function recordIn(disk: Disk, address: string): string | undefined {
  return at(disk, `${directory}/${address}`)?.text
}
