/** Which networks of this host's configurations use a store of many hosts: for addresses, for peers, or both. */

import { nameWithin } from '../../shared/cni/name-within.ts'
import { isObject } from '../../shared/config/json.ts'
import type { Configured } from './networks.ts'

type Raw = Record<string, unknown>

/** A plugin of a network that uses a store. */
export interface StoreUser {
  file: string
  network: string
  /** The name of the pool that its containers get addresses of. */
  pool?: string
  /** Where the addresses are: `ipam.dataDir`. */
  dataDir?: string
  /** Whether its peers are in the store. */
  peers: boolean
  /** Its sections `store`; none when it leaves that to /etc/patchbay/store.json. */
  sections: readonly unknown[]
}

/** The users among the plugins of network lists. */
export function storeUsers(configured: readonly Configured[]): StoreUser[] {
  return configured.flatMap(({ file, network, type, raw }) => {
    const pools = poolSections(raw.ipam)
    const peers = raw.peers === 'store' && nameWithin(type, ['vxlan']) !== undefined
    const own = peers ? [raw] : []
    const sections = [...pools, ...own].flatMap(({ store }) => store ?? [])
    const used = pools.map(({ pool, dataDir }) => ({
      ...(typeof pool === 'string' && { pool }),
      ...(typeof dataDir === 'string' && { dataDir }),
    }))
    const uses = used.length > 0 ? used : own.map(() => ({}))
    return uses.map((use) => ({ file, network, peers, sections, ...use }))
  })
}

/** The sections of type pool: `ipam` itself, or those in the list of ipam-list. */
export function poolSections(ipam: unknown): Raw[] {
  if (!isObject(ipam)) return []
  if (isPool(String(ipam.type ?? ''))) return [ipam]
  return Array.isArray(ipam.list) ? ipam.list.flatMap(poolSections) : []
}

/** Not spiderpool, which is another project's. */
const isPool = (type: string) => /(^|[^a-z])pool($|[^a-z])/.test(type)
