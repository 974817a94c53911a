/** Claims of blocks: all hosts at once, as after a loss of power; a few at a time; one at a time; and blocks that go back. */

import { claimOne, giveBackOne, type SimulatedHost } from './hosts.ts'
import type { MeasuredStore } from './store.ts'
import { ownProcessor, type Times, timed } from './timing.ts'

export interface Claims {
  hosts: number
  /** Each host claims its first block, all at once. */
  first: Cost
  /** Each host claims another one, 16 at a time, and one at a time. */
  some: Cost
  single: Cost
  /** 16 at a time. */
  back: Cost
  /** Requests to etcd for a host's first claim, and for another one; giving back is not counted. */
  requests: { first: number; another: number }
}

/** Seconds of a processor: etcd's, and this process's for all hosts. */
export interface Cost extends Times {
  etcd: number
  hostsProcessor: number
}

export async function costOf(store: MeasuredStore, action: () => Promise<Times>): Promise<Cost> {
  const [before, own] = [await store.condition(), ownProcessor()]
  const times = await action()
  const hostsProcessor = ownProcessor() - own
  return { ...times, etcd: (await store.condition()).processor - before.processor, hostsProcessor }
}

/** @param more how many hosts claim one at a time: that takes time */
export async function measureClaims(
  store: MeasuredStore,
  hosts: readonly SimulatedHost[],
  more: number,
): Promise<Claims> {
  const counts = { first: 0, another: 0 }
  const counting = (which: keyof typeof counts) => async (host: SimulatedHost) => {
    host.watch = ({ kind }) => {
      if (['status', 'range', 'transact'].includes(kind)) counts[which]++
    }
    await claimOne(host)
    host.watch = () => {}
  }
  const claim = counting('another')
  const first = await costOf(store, () => timed(hosts, hosts.length, counting('first')))
  const some = await costOf(store, () => timed(hosts, 16, claim))
  const single = await costOf(store, () => timed(hosts.slice(0, more), 1, claim))
  const back = await costOf(store, () => timed(hosts, 16, giveBackLast))
  const requests = {
    first: counts.first / hosts.length,
    another: counts.another / (some.count + single.count),
  }
  return { hosts: hosts.length, first, some, single, back, requests }
}

/** The block that it claimed last. */
async function giveBackLast(host: SimulatedHost): Promise<void> {
  const block = host.disk.holdings[0]?.blocks.at(-1)?.block ?? ''
  if (!(await giveBackOne(host, block))) throw new Error(`${host.name}: ${block} is not empty`)
}
