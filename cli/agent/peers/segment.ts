/** One VNI that this host serves: what the hosts publish of it is followed, and goes to the kernel; what ADD has told goes to the store. */

import { openKernelSide } from './kernel-side.ts'
import { followRange } from './range.ts'
import { openStoreSide } from './store-side.ts'
import type { Told } from './told.ts'
import { readNeighbour, readPeer } from './values.ts'
import type { Vtep } from './vtep.ts'
import { claimsOf } from './wanted.ts'
import { areKnown, type Ranges, type Workplace } from './workplace.ts'

export interface Segment {
  /** What ADD has told now, and the VTEP. */
  update(told: Told, vtep: Vtep): void
  /** The kernel's entries may be others than it knows. */
  reread(): void
  /** How many peers and neighbours it has, and entries it has changed. */
  counts(): { peers: number; neighbours: number; changes: number }
  isKnown(): boolean
  /** What is published and what is in the kernel stays. */
  stop(): Promise<void>
}

/** More than these are not taken from a store. */
const [MOST_PEERS, MOST_NEIGHBOURS] = [10_000, 100_000]

export function openSegment(place: Workplace, told: Told, vtep: Vtep): Segment {
  const { connection, keys, host } = place
  const { vni } = told
  const all = (isAgain = false) => {
    kernel.lookAtAll(isAgain)
    store.look()
  }
  const ranges: Ranges = {
    vteps: followRange(connection, {
      ...{ prefix: keys.vteps(vni), most: MOST_PEERS, read: readPeer },
      filled: all,
      changed: () => all(),
    }),
    neighbours: followRange(connection, {
      ...{ prefix: keys.neighbours(vni), most: MOST_NEIGHBOURS, read: readNeighbour },
      filled: all,
      changed(changes) {
        const values = changes.flatMap(({ before, after }) => [before ?? [], after ?? []].flat())
        kernel.lookAt(values.flatMap(claimsOf))
        if (changes.some(({ key }) => key.startsWith(`${host}/`))) store.look()
      },
    }),
  }
  const served = { name: `VNI ${vni}`, told, vtep, ranges }
  const [kernel, store] = [openKernelSide(place, served), openStoreSide(place, served)]
  return {
    update(now, found) {
      const isOther =
        found.link.index !== served.vtep.link.index ||
        JSON.stringify(found.options) !== JSON.stringify(served.vtep.options)
      if (isOther) kernel.forget()
      served.told = now
      served.vtep = found
      all()
    },
    reread() {
      kernel.forget()
      kernel.now()
    },
    counts: kernel.counts,
    isKnown: () => areKnown(ranges),
    async stop() {
      for (const { close } of Object.values(ranges)) close()
      await Promise.all([kernel.stop(), store.stop()])
    },
  }
}
