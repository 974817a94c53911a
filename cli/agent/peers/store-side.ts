/** What ADD has told of a VNI is published: this host's VTEP, and its attachments. */

import type { StoreStep } from '../../../shared/store/connection.ts'
import { wrongOf } from '../states.ts'
import { worker } from '../worker.ts'
import { operationOf, toPublish, type Writing, writingsOf } from './publish.ts'
import type { Peer, RemoteNeighbour } from './values.ts'
import { areKnown, type Served, type Workplace } from './workplace.ts'

/** A key that was deleted by mistake is written again at once, so often in a time. */
const MOST_TIMES = 3

/** etcd takes 128 operations in a transaction (`--max-txn-ops`). */
const MOST_OPERATIONS = 100

export interface StoreSide {
  /** Something of this host's own has changed, here or in the store. @param isAgain changes of the store were lost: it may be an older one */
  look(isAgain?: boolean): void
  stop(): Promise<void>
}

export function openStoreSide(place: Workplace, served: Served): StoreSide {
  const { connection, keys, host, faults, doubts, pace } = place
  const { name, ranges } = served
  const { vni } = served.told
  const prefixes = { vteps: keys.vteps(vni), neighbours: keys.neighbours(vni) }
  /** What this agent has written, when last, and how often then within `pace.look`, to notice another that writes it. */
  const written = new Map<string, { content: string; at: number; times: number }>()
  /** What another has changed since, until it has stood for `pace.look`. */
  const contested = new Set<string>()

  const publishing = worker(
    async () => {
      if (!areKnown(ranges)) return
      const wanted = toPublish(host, served.told, served.vtep.link.mac)
      const all = writingsOf(host, wanted, ranges, new Date().toISOString())
      const writings = all.filter(mayWrite)
      for (let at = 0; at < writings.length; at += MOST_OPERATIONS)
        await publish(writings.slice(at, at + MOST_OPERATIONS))
      tellContested()
      faults.set(`${name}: publishing`, undefined)
    },
    (error) => faults.set(`${name}: publishing`, wrongOf(error)),
  )

  /**
   * A key has another value than this agent gave it, or is gone again and again: another host has this name, and both would write and remove it
   * without end.
   */
  function mayWrite({ range, key, value }: Writing): boolean {
    const before = written.get(`${range}/${key}`)
    if (!value || before?.content !== JSON.stringify(value)) return true
    const isThere = ranges[range].values().has(key) || ranges[range].wrongs().has(key)
    const wait = before.at + pace.look - performance.now()
    if (!isThere && (wait <= 0 || before.times < MOST_TIMES)) return true
    contested.add(`${range}/${key}`)
    if (wait > 0) publishing.soon(wait + 1)
    return wait <= 0
  }

  function tellContested(): void {
    const since = performance.now() - pace.look
    for (const id of contested) if ((written.get(id)?.at ?? since) <= since) contested.delete(id)
    const wrong = 'another host changes or removes it: give each host a name of its own'
    const all = [...contested].map((id) => [`${name}, own key ${id}`, wrong] as const)
    doubts.only(`${name}, own key `, new Map(all))
  }

  async function publish(writings: Writing[]): Promise<void> {
    const operations = writings.map((one) => operationOf(one, prefixes[one.range]))
    const step: StoreStep = { kind: 'transact', when: [], do: operations, otherwise: [] }
    const { revision } = await connection.ask(step)
    for (const { range, key, value } of writings) {
      noteWritten(`${range}/${key}`, value && JSON.stringify(value))
      if (range === 'vteps') ranges.vteps.note(key, value as Peer | undefined, revision)
      else ranges.neighbours.note(key, value as RemoteNeighbour | undefined, revision)
    }
  }

  function noteWritten(id: string, content: string | undefined): void {
    if (content === undefined) return void written.delete(id)
    const [before, at] = [written.get(id), performance.now()]
    const isAgain = before?.content === content && at < before.at + pace.look
    written.set(id, { content, at, times: isAgain ? before.times + 1 : 1 })
  }

  return {
    look(isAgain = false) {
      if (isAgain) written.clear()
      publishing.soon(pace.gather)
    },
    stop: publishing.stop,
  }
}
