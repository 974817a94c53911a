/** Peers: how long until all hosts know of a change, how many changes a second get through, and what a restart of all agents costs. */

import { setTimeout as pause } from 'node:timers/promises'
import type { EtcdVersion } from '../../harness/etcd-programs.ts'
import { until } from '../../harness/until.ts'
import { blocksOf, neighbourOf, neighboursOf, putAll, type Spread, vnisOf, vtepOf, vtepsOf } from './fill.ts'
import { type Followers, follow } from './followers.ts'
import { closeAll, makeHosts, openConnection, type SimulatedHost } from './hosts.ts'
import { type Condition, type MeasuredStore, startStore } from './store.ts'
import { ownProcessor, type Times, timesOf } from './timing.ts'

/** What the peers of a cluster cost one etcd: memory, processor time, delays. */
export interface Peers {
  version: EtcdVersion
  fanOut: FanOut
  size: Size
  restart: Restart
}

/** etcd before and after it was filled. */
export interface Size {
  hosts: number
  blocks: number
  neighbours: number
  vteps: number
  before: Condition
  after: Condition
}

/** A tenth of the VNIs' hosts serve each: a host has ten VNIs, and ten containers in each. */
const spreadOf = (hosts: number): Spread => ({
  hosts,
  vnis: Math.ceil(hosts / 10),
  served: 10,
  containers: 10,
})

/** All of one etcd, one after the other. */
export async function measurePeers(version: EtcdVersion, count: number): Promise<Peers> {
  const store = await startStore(version, 'memory', '')
  const hosts = await makeHosts(store.etcd.store(), count)
  const fanOut = await measureFanOut(store, hosts, { rounds: 10, containers: 200 })
  closeAll(hosts)
  const spread = spreadOf(count)
  const size = await measureSize(store, spread)
  const restart = await measureRestart(store, spread)
  await store.end()
  return { version, fanOut, size, restart }
}

/** Writes ten blocks for each host, and the peers. */
export async function measureSize(store: MeasuredStore, spread: Spread): Promise<Size> {
  const writer = await openConnection(store.etcd.store())
  const before = await store.condition()
  const [blocks, vteps, neighbours] = [
    blocksOf(10 * spread.hosts, spread.hosts),
    vtepsOf(spread),
    neighboursOf(spread),
  ]
  for (const puts of [blocks, vteps, neighbours]) await putAll(writer, puts)
  writer.close()
  const after = await store.condition()
  const counts = { blocks: blocks.length, vteps: vteps.length, neighbours: neighbours.length }
  return { hosts: spread.hosts, ...counts, before, after }
}

/** A VNI that all hosts serve. */
const common = 5000

export interface FanOut {
  hosts: number
  /** A host joins, and a container starts: until each of the hosts knows. Milliseconds. */
  join: Times
  neighbour: Times
  /** Containers start as fast as one host can write: seconds until all hosts know of all, and changes told a second. */
  burst: { containers: number; seconds: number; toldPerSecond: number; etcd: number; hostsProcessor: number }
}

/** All hosts follow one VNI. */
export async function measureFanOut(
  store: MeasuredStore,
  hosts: readonly SimulatedHost[],
  { rounds, containers }: { rounds: number; containers: number },
): Promise<FanOut> {
  const connections = hosts.map((host) => host.store)
  const writer = await openConnection(store.etcd.store())
  await putAll(
    writer,
    hosts.map((_, host) => vtepOf(host, common)),
  )
  const followers = follow(connections, () => [common])
  await followers.ready()
  await watchersOf(store, 2 * hosts.length)
  const spread = async (put: ReturnType<typeof vtepOf>) => {
    await pause(100) // What the change before has left to do is done.
    return followers.spread(writer, put, hosts.length)
  }
  const [joins, neighbours]: number[][] = [[], []]
  for (let round = 0; round < rounds; round++) {
    joins?.push(...(await spread(vtepOf(hosts.length + round, common))))
    neighbours?.push(...(await spread(neighbourOf(0, common, round))))
  }
  const burst = await measureBurst(store, followers, { hosts: hosts.length, containers })
  followers.close()
  writer.close()
  return {
    hosts: hosts.length,
    join: timesOf(joins ?? [], 1),
    neighbour: timesOf(neighbours ?? [], 1),
    burst,
  }
}

async function measureBurst(
  store: MeasuredStore,
  followers: Followers,
  { hosts, containers }: { hosts: number; containers: number },
): Promise<FanOut['burst']> {
  const writer = await openConnection(store.etcd.store())
  const [before, own, begin] = [await store.condition(), ownProcessor(), performance.now()]
  const known = followers.told()
  for (let nth = 0; nth < containers; nth++) await putAll(writer, [neighbourOf(1, common, nth)])
  await until('all know all', () => followers.told() - known >= containers * hosts, 120)
  const seconds = (performance.now() - begin) / 1000
  const hostsProcessor = ownProcessor() - own
  writer.close()
  const etcd = (await store.condition()).processor - before.processor
  return { containers, seconds, toldPerSecond: (containers * hosts) / seconds, etcd, hostsProcessor }
}

/** A watch begins after its range was read. */
export async function watchersOf(store: MeasuredStore, count: number): Promise<void> {
  let watchers = 0
  for (let left = 600; left > 0 && watchers < count; left--) {
    watchers = (await store.condition()).watchers
    if (watchers < count) await pause(100)
  }
  if (watchers < count) throw new Error(`etcd has ${watchers} watchers instead of ${count}`)
}

export interface Restart {
  agents: number
  spread: Spread
  /** Keys that were read, of all agents together. */
  keys: number
  /** Seconds until an agent knew its peers. */
  p50: number
  last: number
  etcd: number
  hostsProcessor: number
  before: Condition
  after: Condition
}

/** Agents of a cluster start at once, and read all that they follow. The connections are new ones. */
export async function measureRestart(store: MeasuredStore, spread: Spread): Promise<Restart> {
  const agents = spread.hosts
  const connections = await Promise.all(
    Array.from({ length: agents }, () => openConnection(store.etcd.store())),
  )
  const [before, own] = [await store.condition(), ownProcessor()]
  const followers = follow(connections, (host) => vnisOf(host, spread))
  const waits = await followers.ready()
  const hostsProcessor = ownProcessor() - own
  const keys = followers.given()
  await watchersOf(store, 2 * agents * spread.served)
  const after = await store.condition()
  followers.close()
  for (const connection of connections) connection.close()
  const { p50, most: last } = timesOf(waits, 1)
  const etcd = after.processor - before.processor
  return { agents, spread, keys, p50, last, etcd, hostsProcessor, before, after }
}
