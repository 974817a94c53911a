/**
 * Hosts of a cluster, many in this process. Each has a connection of its own, by the product's client, and runs the product's protocols; its
 * files are in memory, since a thousand hosts have a thousand disks.
 */

import { randomNumber } from '../../../cli/pool/hands.ts'
import { usableOf } from '../../../shared/ipam/pool/usable.ts'
import { claimBlock, type Wanted } from '../../../shared/store/claims/claim.ts'
import { createPool } from '../../../shared/store/claims/pools.ts'
import { giveBack } from '../../../shared/store/claims/remove.ts'
import type { StoreConfig } from '../../../shared/store/config.ts'
import type { Connection } from '../../../shared/store/connection.ts'
import { connect } from '../../../shared/store/etcd.ts'
import { ask, given, operator, type PoolHost, poolHost, run, within } from '../../harness/pool-host.ts'

export type SimulatedHost = PoolHost<Connection>

/** 16,384 blocks of 64 addresses. */
export const plan = { ranges: [{ subnet: '10.0.0.0/12' }], blockSize: { ipv4: 26, ipv6: 122 } }

export const wanted: Wanted = { network: 'net', dataDir: '/data', pool: 'blue', usable: usableOf }

export async function openConnection(store: StoreConfig): Promise<Connection> {
  if (!connect) throw new Error('this engine has no client of etcd')
  return connect(store)
}

/** Hosts, each connected, and the pool. Blocks of a host by its disk. */
export async function makeHosts(store: StoreConfig, count: number): Promise<SimulatedHost[]> {
  const hosts = await Promise.all(
    Array.from({ length: count }, async (_, at) => poolHost(await openConnection(store), hostName(at))),
  )
  const [first] = hosts
  if (first) await ask(first.store, createPool(operator, 'blue', plan))
  return hosts
}

export const hostName = (at: number) => `node${String(at).padStart(4, '0')}`

/** What `patchbay pool claim` does with the store: enters, and claims a block. */
export async function claimOne(host: SimulatedHost): Promise<string> {
  const protocol = within(given(host), (session) => claimBlock(session, wanted, 4, randomNumber()), wanted)
  return (await run(host, protocol)).block
}

/** What the agent does with an empty block. @returns whether it was empty */
export function giveBackOne(host: SimulatedHost, block: string): Promise<boolean> {
  const [holdings] = host.disk.holdings
  if (!holdings) throw new Error(`${host.name} holds nothing`)
  return run(
    host,
    within(given(host), (session) => giveBack(session, holdings, block), wanted),
  )
}

/** All blocks that the hosts hold by their files. */
export function blocksOf(hosts: readonly SimulatedHost[]): string[] {
  return hosts.flatMap(({ disk }) =>
    disk.holdings.flatMap(({ blocks }) =>
      blocks.filter(({ state }) => state === 'held').map(({ block }) => block),
    ),
  )
}

export function closeAll(hosts: readonly SimulatedHost[]): void {
  for (const { store } of hosts) store.close()
}
