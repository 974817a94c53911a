/** Agents that follow the peers of VNIs, as far as etcd sees them: the product's client, but nothing is kept and no kernel is written. */

import type { Connection } from '../../../shared/store/connection.ts'
import { allBelow, keysBelow } from '../../../shared/store/keys.ts'
import { until } from '../../harness/until.ts'
import { type Put, putAll } from './fill.ts'
import { type Times, timesOf } from './timing.ts'

const keys = keysBelow('/patchbay/')

export interface Followers {
  /** How many keys they were given when they began, all together. */
  given(): number
  /** Waits until all ranges were read. @returns the seconds that each host has waited */
  ready(): Promise<number[]>
  /** Writes a key, and waits until all that follow it know. @returns milliseconds, of each */
  spread(from: Connection, put: Put, count: number): Promise<number[]>
  /** Changes that were told, of all keys. */
  told(): number
  close(): void
}

/** @param vnisOf which VNIs a host follows, by its number */
export function follow(connections: readonly Connection[], vnisOf: (host: number) => number[]): Followers {
  const begin = performance.now()
  let [given, told, unready] = [0, 0, 0]
  const readyAt: number[] = []
  const seen = new Map<string, number[]>()
  const ends: { close(): void }[] = []
  for (const [host, connection] of connections.entries()) {
    const ranges = vnisOf(host).flatMap((vni) => [keys.vteps(vni), keys.neighbours(vni)])
    let left = ranges.length
    unready++
    for (const range of ranges) {
      let isKnown = false
      const following = connection.follow(allBelow(range), {
        whole({ entries }) {
          given += entries.length
          if (!isKnown && --left === 0) {
            unready--
            readyAt.push((performance.now() - begin) / 1000)
          }
          isKnown = true
        },
        changed(changes) {
          told += changes.length
          for (const { key } of changes) seen.get(key)?.push(performance.now())
        },
      })
      ends.push(following)
    }
  }
  return {
    given: () => given,
    told: () => told,
    async ready() {
      await until('all agents know their peers', () => unready === 0, 600)
      return readyAt
    },
    async spread(from, put, count) {
      const times: number[] = []
      seen.set(put.key, times)
      const start = performance.now()
      await putAll(from, [put])
      await until(`all know ${put.key}`, () => times.length >= count, 60)
      seen.delete(put.key)
      return times.map((time) => time - start)
    },
    close() {
      for (const end of ends) end.close()
    },
  }
}

/** Of several writes: when half of the hosts knew, nearly all, and the last one: p50, p99 and the largest over all of them. */
export function delaysOf(rounds: readonly (readonly number[])[]): Times {
  return timesOf(rounds.flat(), 1)
}
