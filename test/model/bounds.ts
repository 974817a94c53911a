/** Bounds of walks: the least, which others extend, and the networks. */

import { isFullRun } from '../harness/full.ts'
import type { Network } from './calls.ts'
import { linux } from './kernel.ts'
import type { Bounds, Left } from './world.ts'

/** Whether the walks with large bounds are wanted, which take minutes: `npm run test:full`. */
export const isFull = isFullRun()

const four = (...last: number[]) => ({
  subnet: '10.0.0.0/29',
  addresses: last.map((number) => `10.0.0.${number}`),
})
const six = { subnet: 'fd00::/64', addresses: ['fd00::2'] }

export const oneAddress: Network = { sets: [four(2)], isSticky: false }
const twoAddresses: Network = { sets: [four(2, 3)], isSticky: false }
/** The second set is full first, so ADD has to give back what it took from the first. */
export const twoSets: Network = { sets: [four(2, 3), six], isSticky: false }
export const stickyNetwork: Network = { sets: [four(2, 3)], isSticky: true }

const nothing: Left = { whole: 0, calls: 0, crashes: 0, boots: 0, ticks: 0, indexLosses: 0, touches: 0 }

const least: Bounds = {
  network: twoAddresses,
  containers: ['a', 'b'],
  verbs: ['ADD', 'DEL', 'GC'],
  atOnce: 1,
  left: nothing,
  losses: ['kept'],
  losesNames: false,
  passesResult: false,
  traits: linux,
}

/** The least bounds with changes. */
export function boundsOf(left: Partial<Left>, changes: Partial<Bounds> = {}): Bounds {
  return { ...least, ...changes, left: { ...nothing, ...left } }
}

/** A container takes over the address that was kept for it, while GC runs with a list from before. */
export const takeover = boundsOf(
  { whole: 2, calls: 2 },
  { atOnce: 2, network: stickyNetwork, containers: ['a'] },
)
