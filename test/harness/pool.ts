/** What a network holds of a pool, as a claim leaves it, and a stand-in for `patchbay-agent` that claims without etcd. */

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { parseAddress } from '../../shared/ip/address.ts'
import type { HoldingState, Holdings } from '../../shared/store/memory.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'

const id = '11111111-2222-4333-8444-555555555555'

/** What tests say of a network's holdings. A block or an address may have a state before it: `leaving 10.80.1.0/28`. */
export interface Held {
  blocks?: readonly string[]
  singles?: readonly string[]
  ranges?: PoolDefinition['ranges']
  closing?: boolean
  pool?: string
}

export const subnet = '10.80.0.0/16'

export function holdingsOf(
  network: string,
  dataDir: string,
  { blocks = [], singles = [], ranges = [{ subnet }], closing, pool = 'blue' }: Held,
): Holdings {
  return {
    ...{ network, dataDir, id, pool, store: id },
    definition: { id, ranges, blockSize: { ipv4: 28, ipv6: 124 }, ...(closing && { closing }) },
    blocks: blocks.map((text) => ({ block: lastWord(text), state: stateIn(text), modified: 7 })),
    singles: singles.map((text) => ({
      address: lastWord(text),
      owner: 'far',
      state: stateIn(text),
      modified: 7,
    })),
  }
}

const lastWord = (text: string) => text.split(' ').at(-1) ?? ''
const stateIn = (text: string) => (text.includes(' ') ? (text.split(' ')[0] as HoldingState) : 'held')

/** Writes what a network holds. */
export function hold(network: string, dataDir: string, held: Held): void {
  mkdirSync(`${dataDir}/.patchbay-pool`, { recursive: true })
  writeFileSync(fileOf(network, dataDir), JSON.stringify(holdingsOf(network, dataDir, held)))
}

export const fileOf = (network: string, dataDir: string) => `${dataDir}/.patchbay-pool/${network}.json`

/** The addresses that have a record. */
export function reservedBelow(dataDir: string, network: string): string[] {
  const directory = `${dataDir}/${network}`
  return existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => parseAddress(name))
        .sort()
    : []
}
