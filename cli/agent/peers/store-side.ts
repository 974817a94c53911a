/** What ADD has told of a VNI is published: this host's VTEP, and its attachments. */

import { toCniError } from '../../../shared/error/error.ts'
import { transact } from '../../../shared/store/protocol.ts'
import { worker } from '../worker.ts'
import { operationOf, toPublish, type Writing, writingsOf } from './publish.ts'
import type { Peer, RemoteNeighbour } from './values.ts'
import { areKnown, type Served, type Workplace } from './workplace.ts'

/** etcd takes 128 operations in a transaction (`--max-txn-ops`). */
const MOST_OPERATIONS = 100

export interface StoreSide {
  /** Something of this host's own has changed, here or in the store. */
  look(): void
  stop(): Promise<void>
}

export function openStoreSide(place: Workplace, served: Served): StoreSide {
  const { connection, keys, host, faults, doubts, pace } = place
  const { name, ranges } = served
  const { vni } = served.told
  const prefixes = { vteps: keys.vteps(vni), neighbours: keys.neighbours(vni) }
  /** What this agent has written and when, to notice another that writes it. */
  const written = new Map<string, { content: string; at: number }>()

  const publishing = worker(
    async () => {
      if (!areKnown(ranges)) return
      const wanted = toPublish(host, served.told, served.vtep.link.mac)
      const all = writingsOf(host, wanted, ranges, new Date().toISOString())
      const writings = all.filter(mayWrite)
      for (let at = 0; at < writings.length; at += MOST_OPERATIONS)
        await publish(writings.slice(at, at + MOST_OPERATIONS))
      faults.set(`${name}: publishing`, undefined)
    },
    (error) => faults.set(`${name}: publishing`, toCniError(error).message),
  )

  /** A key that has another value than this agent gave it: another host has this name, and both would write it without end. */
  function mayWrite({ range, key, value }: Writing): boolean {
    const before = written.get(`${range}/${key}`)
    const isThere = ranges[range].values().has(key) || ranges[range].wrongs().has(key)
    if (!value || !isThere || before?.content !== JSON.stringify(value)) return true
    doubts.set(
      `${name}: own key ${range}/${vni}/${key}`,
      'another host writes it: give each host a name of its own',
    )
    const wait = before.at + pace.look - performance.now()
    if (wait > 0) publishing.soon(wait + 1)
    return wait <= 0
  }

  async function publish(writings: Writing[]): Promise<void> {
    const operations = writings.map((one) => operationOf(one, prefixes[one.range]))
    const step = transact({ when: [], do: operations }).next().value
    if (!step || !('kind' in step) || step.kind !== 'transact') return
    const { revision } = await connection.ask(step)
    for (const { range, key, value } of writings) {
      if (value) written.set(`${range}/${key}`, { content: JSON.stringify(value), at: performance.now() })
      else written.delete(`${range}/${key}`)
      if (range === 'vteps') ranges.vteps.note(key, value as Peer | undefined, revision)
      else ranges.neighbours.note(key, value as RemoteNeighbour | undefined, revision)
    }
  }

  return { look: () => publishing.soon(pace.gather), stop: publishing.stop }
}
