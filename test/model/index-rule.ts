/** The rule of the index: when it counts as current, it says what the records say. */

import { parseAddress } from '../../shared/ip/address.ts'
import { entryName } from '../../shared/ipam/host-local/entries.ts'
import { directory } from './calls.ts'
import type { Disk } from './disk.ts'
import { copyDisk } from './disk.ts'
import { runAlone } from './execute.ts'
import type { Product } from './load.ts'
import type { Bounds } from './world.ts'

export function indexIsWrong(
  { boot, index, records }: Product,
  { network, traits }: Bounds,
  disk: Disk,
): string | undefined {
  return runAlone(copyDisk(disk), traits, () => {
    boot.forgetBootId()
    const root = index.indexRoot(directory)
    if (index.currentMark(directory, root) === undefined) return undefined
    const saved = index.savedIndex(directory, root)
    const reserved = records.reservations(directory)
    for (const reservation of reserved) {
      const time = saved.entry(entryName(reservation))?.addresses[reservation.file]
      if (time !== records.timeOf(directory, reservation))
        return `the index counts as current and does not have ${reservation.file} of ${reservation.containerID}`
    }
    for (const text of network.sets.flatMap(({ addresses }) => addresses)) {
      const address = parseAddress(text)
      const isFree = address && saved.firstFree(address, address) !== undefined
      if (isFree === reserved.some(({ file }) => file === text))
        return `the index counts as current and calls ${text} ${isFree ? 'free' : 'taken'}`
    }
    return undefined
  })
}
