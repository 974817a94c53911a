/** A store of pools in memory, with values as hosts and operators write them, for tests of the operator's verbs. */

import { sessionOf } from '../../cli/pool/session.ts'
import { parseAddress } from '../../shared/ip/address.ts'
import { parseCidr } from '../../shared/ip/subnet.ts'
import { keysBelow } from '../../shared/store/keys.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'
import type { BlockValue, Epoch, HostValue, SingleValue } from '../../shared/store/values.ts'
import { memoryStore } from './memory-connection.ts'

export const since = '2026-11-28T12:00:00.000Z'

/** A UUID by a number. */
export const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** Of the store, of its epoch, and of the pool `blue`. */
export const [storeID, epochID, poolID] = [uuid(1), uuid(2), uuid(3)]

const keys = keysBelow('/patchbay/')

export const blue: PoolDefinition = {
  id: poolID,
  ranges: [{ subnet: '10.1.0.0/16' }, { subnet: 'fd00:1::/64' }],
  blockSize: { ipv4: 26, ipv6: 122 },
}

/** The ID of a host: `node7` has that of 1007. */
export const hostID = (name: string) => uuid(1000 + Number(name.replace(/\D/g, '')))

export function newPoolStore(pools: Readonly<Record<string, PoolDefinition>> = { blue }) {
  const store = memoryStore()
  const put = (key: string, value: unknown) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return store.ask({ kind: 'transact', when: [], do: [{ put: { key, value: text } }], otherwise: [] })
  }
  const epoch = (more: Partial<Epoch> = {}) =>
    put(keys.epoch, { store: storeID, id: epochID, offset: 3, state: 'open', since, ...more })
  epoch()
  for (const [name, definition] of Object.entries(pools)) put(keys.pool(name), definition)
  return {
    store,
    keys,
    put,
    epoch,
    session: sessionOf(store, { prefix: '/patchbay/', host: 'node1', endpoints: ['http://192.0.2.1:2379'] }),
    host: (name: string, more: Partial<HostValue> = {}) =>
      put(keys.host(name), {
        id: hostID(name),
        epoch: epochID,
        counter: 1,
        nonce: 'n',
        seen: since,
        ...more,
      }),
    block: (text: string, host: string, more: Partial<BlockValue> & { pool?: string } = {}) => {
      const { pool = 'blue', ...rest } = more
      const first = parseCidr(text)?.address ?? { family: 4, value: 0n }
      const value = { block: text, host, id: hostID(host), network: 'net', since, ...rest }
      return put(keys.block(pool, first), value)
    },
    single: (text: string, host: string, owner: string, more: Partial<SingleValue> = {}) => {
      const address = parseAddress(text) ?? { family: 4, value: 0n }
      const value = { address: text, host, id: hostID(host), network: 'net', owner, state: 'granted', since }
      return put(keys.single('blue', address), { ...value, ...more })
    },
  }
}
