/** The names that are the same in every world: of the store's keys, of the pool, and IDs that no host has. */

import { keysBelow } from '../../../shared/store/keys.ts'
import type { PoolDefinition } from '../../../shared/store/pool.ts'
import type { Bounds } from './world.ts'

export const dataDir = '/var/lib/cni/networks'
export const poolName = 'blue'
export const keys = keysBelow('/p/')

export const common = (last: number) => `0000000c-0000-4000-8000-${String(last).padStart(12, '0')}`

export function definitionOf({ subnet, blockSize }: Pick<Bounds, 'subnet' | 'blockSize'>): PoolDefinition {
  return { id: common(3), ranges: [{ subnet }], blockSize: { ipv4: blockSize, ipv6: 128 } }
}
