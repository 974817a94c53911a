/** Peers: how long until all hosts know of a change, how many changes a second get through, and what a restart of all agents costs. */

import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../harness/until.ts'
import { neighbourOf, neighboursOf, putAll, type Spread, vnisOf, vtepOf, vtepsOf } from './fill.ts'
import { type Followers, follow } from './followers.ts'
import { closeAll, openConnection, type SimulatedHost } from './hosts.ts'
import type { Condition, MeasuredStore } from './store.ts'
import { ownProcessor, type Times, timesOf } from './timing.ts'

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

/** All agents of a cluster start at once, and read all that they follow. The connections are new ones. */
export async function measureRestart(
  store: MeasuredStore,
  connect: () => Promise<SimulatedHost[]>,
  spread: Spread,
): Promise<Restart> {
  const writer = await openConnection(store.etcd.store())
  await putAll(writer, [...vtepsOf(spread), ...neighboursOf(spread)])
  writer.close()
  const hosts = await connect()
  const [before, own] = [await store.condition(), ownProcessor()]
  const followers = follow(
    hosts.map((host) => host.store),
    (host) => vnisOf(host, spread),
  )
  const waits = await followers.ready()
  const hostsProcessor = ownProcessor() - own
  const keys = followers.given()
  await watchersOf(store, 2 * spread.hosts * spread.served)
  const after = await store.condition()
  followers.close()
  closeAll(hosts)
  const { p50, most: last } = timesOf(waits, 1)
  const etcd = after.processor - before.processor
  return { spread, keys, p50, last, etcd, hostsProcessor, before, after }
}
