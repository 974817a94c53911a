/** This host as the agent's tests have it: a network of a pool, addresses that containers take, and what the store says. */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { handsOf } from '../../cli/pool/hands.ts'
import { type Family, formatAddress } from '../../shared/ip/address.ts'
import { networkOf, parseCidr, plus } from '../../shared/ip/subnet.ts'
import { usableOf } from '../../shared/ipam/pool/usable.ts'
import { writeFile } from '../../shared/kernel/durable.ts'
import { claimBlock } from '../../shared/store/claims/claim.ts'
import { enter } from '../../shared/store/claims/enter.ts'
import { createPool, type Plan } from '../../shared/store/claims/pools.ts'
import type { Connection } from '../../shared/store/connection.ts'
import { connect } from '../../shared/store/etcd.ts'
import { keysBelow } from '../../shared/store/keys.ts'
import type { Holdings } from '../../shared/store/memory.ts'
import { ownEtc } from './etc.ts'
import type { Etcd } from './etcd.ts'

export const dataDir = '/var/lib/cni/networks'
export const keys = keysBelow('/patchbay/')

/** Ranges of the pool in these tests. */
export const plan: Plan = {
  ranges: [{ subnet: '10.1.0.0/20' }, { subnet: 'fd00:1::/64' }],
  blockSize: { ipv4: 26, ipv6: 122 },
}

/** The name of this host in the store. */
export const host = 'one'

export interface AgentHost {
  etcd: Etcd
  connection: Connection
  /** Creates a pool. */
  createPool(name: string, plan?: Plan): Promise<void>
  /** Writes a network's configuration. */
  configure(network: string, pool?: string): void
  /** Claims a block, as the first ADD of a network does. */
  claim(network: string, family?: Family, pool?: string): Promise<string>
  holdings(network: string): Holdings
  /** The held blocks of a family. */
  held(network: string, family?: Family): string[]
  /** Addresses of a block that containers take, from its third on. @returns them */
  take(network: string, block: string, count: number): string[]
  /** Containers give addresses back. */
  free(network: string, addresses: readonly string[]): void
  /** The value of a key, parsed; undefined without one. */
  value(key: string): Record<string, unknown> | undefined
  put(key: string, value: object | string): void
}

/** Has an /etc of its own, with the store's settings. */
export async function agentHost(etcd: Etcd): Promise<AgentHost> {
  const store = { ...etcd.store(host), host }
  ownEtc('/etc/cni/net.d', '/etc/patchbay')
  writeFileSync('/etc/patchbay/store.json', JSON.stringify(store))
  if (!connect) throw new Error('no client')
  const connection = await connect(store)
  const hands = handsOf({ connection, keys, host }, () => [dataDir])
  const holdings = (network: string): Holdings =>
    JSON.parse(readFileSync(`${dataDir}/.patchbay-pool/${network}.json`, 'utf8'))
  return {
    etcd,
    connection,
    createPool: async (name, ranges = plan) =>
      void (await hands.free((given) => createPool(given, name, ranges))),
    configure(network, pool = 'blue') {
      const config = { cniVersion: '1.0.0', name: network, type: 'bridge', ipam: { type: 'pool', pool } }
      writeFile(`/etc/cni/net.d/${network}.conf`, JSON.stringify(config))
    },
    claim: (network, family = 4, pool = 'blue') =>
      hands.locked(function* (given) {
        const wanted = { network, dataDir, pool, usable: usableOf }
        const session = yield* enter(given, wanted)
        return (yield* claimBlock(session, wanted, family, 0n)).block
      }),
    holdings,
    held: (network, family = 4) =>
      holdings(network)
        .blocks.filter(({ block, state }) => state === 'held' && block.includes(':') === (family === 6))
        .map(({ block }) => block),
    take(network, block, count) {
      const cidr = parseCidr(block)
      if (!cidr) throw new Error(block)
      mkdirSync(`${dataDir}/${network}`, { recursive: true })
      const all = Array.from({ length: count }, (_, at) =>
        formatAddress(plus(networkOf(cidr), BigInt(at + 2))),
      )
      for (const address of all) reserve(`${dataDir}/${network}`, address)
      return all
    },
    free(network, addresses) {
      for (const address of addresses) rmSync(`${dataDir}/${network}/${address}`)
    },
    value(key) {
      const text = etcd.etcdctl('get', '--print-value-only', key).trim()
      return text === '' ? undefined : JSON.parse(text)
    },
    put: (key, value) =>
      void etcd.etcdctl('put', '--', key, typeof value === 'string' ? value : JSON.stringify(value)),
  }
}

/** Whole at once: the agent takes an empty record for what a crash has left, and removes it. */
function reserve(directory: string, address: string): void {
  writeFileSync(`${directory}/new`, `c-${address}\r\neth0`)
  renameSync(`${directory}/new`, `${directory}/${address}`)
}
