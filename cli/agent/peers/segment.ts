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
  /** The kernel's entries may be others than it knows; all is compared, also with the store. */
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
  const all = () => {
    kernel.lookAtAll()
    store.look()
  }
  const filled = (isAgain: boolean) => {
    kernel.lookAtAll(isAgain)
    store.look(isAgain)
  }
  const ranges: Ranges = {
    vteps: followRange(connection, {
      ...{ prefix: keys.vteps(vni), most: MOST_PEERS, read: readPeer, filled },
      changed: all,
      away: (reason) => place.away(keys.vteps(vni), reason),
    }),
    neighbours: followRange(connection, {
      ...{ prefix: keys.neighbours(vni), most: MOST_NEIGHBOURS, read: readNeighbour, filled },
      away: (reason) => place.away(keys.neighbours(vni), reason),
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
      const isOther = !isSameVtep(found, served.vtep)
      const isNews = isOther || JSON.stringify(now) !== JSON.stringify(served.told)
      if (isOther) kernel.forget()
      served.told = now
      served.vtep = found
      if (isNews) all()
    },
    reread() {
      kernel.forget()
      kernel.now()
      store.look()
    },
    counts: kernel.counts,
    isKnown: () => areKnown(ranges),
    async stop() {
      for (const { close } of Object.values(ranges)) close()
      await Promise.all([kernel.stop(), store.stop()])
    },
  }
}

function isSameVtep({ link, options }: Vtep, other: Vtep): boolean {
  if (link.index !== other.link.index || link.mac !== other.link.mac) return false
  return JSON.stringify(options) === JSON.stringify(other.options)
}
