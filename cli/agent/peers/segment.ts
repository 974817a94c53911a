/** One VNI that this host serves: what the hosts publish becomes entries of its VTEP, and what ADD has told of it is published. */

import { toCniError } from '../../../shared/error/error.ts'
import type { Socket } from '../../../shared/netlink/socket.ts'
import { transact } from '../../../shared/store/protocol.ts'
import type { Surroundings } from '../part.ts'
import type { States } from '../states.ts'
import { worker } from '../worker.ts'
import type { Announcer } from './announce.ts'
import { apply, type Difference, differenceKey, differencesOf } from './differences.ts'
import { operationOf, toPublish, type Writing, writingsOf } from './publish.ts'
import { followRange } from './range.ts'
import { canonical, type Told } from './told.ts'
import { type Peer, type RemoteNeighbour, readNeighbour, readPeer } from './values.ts'
import { type Actual, readVtep, type Vtep, write } from './vtep.ts'
import { wantedOf } from './wanted.ts'

/** How long things wait, milliseconds. */
export interface Pace {
  /** Changes that come within it are made as one. */
  gather: number
  /** An entry that is not wanted any more goes after it: keys that were deleted by mistake are written again by their hosts before. */
  removal: number
  /** After it everything is compared with the kernel. So long no entry goes after a lost watch: all hosts fill a store that was restored. */
  look: number
  /** How often news of links are read. */
  links: number
}

export interface Segment {
  /** What ADD has told now, and the VTEP. */
  update(told: Told, vtep: Vtep): void
  /** The kernel's entries may be others than it knows. */
  reread(): void
  /** How many peers and neighbours it has, and entries it has changed. */
  counts(): { peers: number; neighbours: number; changes: number }
  isKnown(): boolean
  /** What is published and what is in the kernel stays. */
  stop(): Promise<void>
}

/** More than these are not taken from a store. */
const [MOST_PEERS, MOST_NEIGHBOURS] = [10_000, 100_000]

/** etcd takes 128 operations in a transaction (`--max-txn-ops`). */
const MOST_OPERATIONS = 100

/** Passes are so many times their duration apart, so that they take a fifth of a processor; but the first, which writes all, may take half a minute. */
const SHARE = 4
const LONGEST_GATHER = 1_000

/** Where segments work. */
export interface Workplace extends Pick<Surroundings, 'connection' | 'keys' | 'host'> {
  socket: Socket
  announcer: Announcer
  /** What is wrong on this host, and in the store. */
  faults: States
  doubts: States
  pace: Pace
}

export function openSegment(place: Workplace, first: Told, firstVtep: Vtep): Segment {
  const { connection, keys, host, socket, announcer, faults, doubts, pace } = place
  const { vni } = first
  const name = `VNI ${vni}`
  let [told, vtep] = [first, firstVtep]
  let actual: Actual | undefined
  let changes = 0
  /** How long the last pass took, milliseconds. */
  let took = 0
  /** Since when entries are not wanted, by `differenceKey`; and until when none is removed. */
  let unwanted = new Map<string, number>()
  let heldUntil = 0
  /** The entries have been written once: what comes then is news. */
  let isFilled = false
  /** What this agent has written and when, to notice another that writes it. */
  const written = new Map<string, { content: string; at: number }>()

  const changed = (isAnew = false) => {
    if (isAnew) heldUntil = performance.now() + pace.look
    writing.soon(gathering())
    publishing.soon(gathering())
  }
  /** What comes within it is one pass. A pass looks at all entries: with 100,000 of them it must not be the next one's turn at once. */
  const gathering = () => Math.max(pace.gather, Math.min(SHARE * took, LONGEST_GATHER))
  const prefixes = { vteps: keys.vteps(vni), neighbours: keys.neighbours(vni) }
  const ranges = {
    vteps: followRange<Peer>(connection, {
      prefix: prefixes.vteps,
      most: MOST_PEERS,
      read: readPeer,
      changed,
    }),
    neighbours: followRange<RemoteNeighbour>(connection, {
      prefix: prefixes.neighbours,
      most: MOST_NEIGHBOURS,
      read: readNeighbour,
      changed,
    }),
  }
  const isKnown = () => ranges.vteps.isKnown() && ranges.neighbours.isKnown()

  const writing = worker(
    async () => {
      if (!isKnown()) return
      const begin = performance.now()
      actual ??= readVtep(socket, vtep)
      const { entries, wrongs } = wantedNow(actual)
      const due = dueNow(differencesOf(entries, actual.entries))
      tellDoubts(wrongs)
      if (due.length > 0) write(socket, vtep, due)
      if (isFilled) announceOf(due)
      isFilled = true
      apply(actual.entries, due)
      changes += due.length
      took = performance.now() - begin
      faults.set(`${name}: VTEP`, undefined)
    },
    (error) => {
      actual = undefined
      faults.set(`${name}: VTEP`, toCniError(error).message)
    },
  )

  function wantedNow({ foreign, addresses }: Actual) {
    const own = told.attached.flatMap(({ mac, addresses }) => [
      mac.toLowerCase(),
      ...addresses.map(canonical),
    ])
    const address = canonical(told.address)
    const { proxy, dev: via, dstport: port } = vtep.options
    const family = address.includes(':') ? 6 : 4
    const taken = new Set([...own, ...foreign])
    const local = { host, address, addresses, family, port, via, proxy, taken } as const
    return wantedOf(local, ranges.vteps.values().values(), ranges.neighbours.values().values())
  }

  function announceOf(differences: readonly Difference[]): void {
    const moved = differences.flatMap((one) =>
      one.kind === 'neighbour' && one.set ? [[one.address, one.set] as const] : [],
    )
    // What is announced is news of what is written already: without it containers learn it in a minute.
    try {
      announcer.announce(vtep.link, moved)
      faults.set(`${name}: announcements`, undefined)
    } catch (error) {
      faults.set(`${name}: announcements`, toCniError(error).message)
    }
  }

  /** Removals wait for their time. */
  function dueNow(differences: Difference[]): Difference[] {
    const now = performance.now()
    const before = unwanted
    unwanted = new Map()
    return differences.filter((one) => {
      if (one.set !== undefined) return true
      const since = before.get(differenceKey(one)) ?? now
      const due = Math.max(since + pace.removal, heldUntil)
      if (now >= due) return true
      unwanted.set(differenceKey(one), since)
      writing.soon(due - now + 1)
      return false
    })
  }

  function tellDoubts(wrongs: ReadonlyMap<string, string>): void {
    const all = new Map<string, string>()
    for (const [key, wrong] of wrongs) all.set(`${name}: ${key}`, wrong)
    for (const [range, { wrongs }] of Object.entries(ranges))
      for (const [key, wrong] of wrongs()) all.set(`${name}: key ${range}/${vni}/${key.slice(0, 300)}`, wrong)
    doubts.only(`${name}: `, all)
  }

  const publishing = worker(
    async () => {
      if (!isKnown()) return
      const wanted = toPublish(host, told, vtep.link.mac)
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

  return {
    update(now, found) {
      const isOther =
        found.link.index !== vtep.link.index || JSON.stringify(found.options) !== JSON.stringify(vtep.options)
      if (isOther) actual = undefined
      told = now
      vtep = found
      changed()
    },
    reread() {
      actual = undefined
      writing.now()
    },
    counts: () => ({
      peers: actual?.entries.flood.size ?? 0,
      neighbours: actual?.entries.fdb.size ?? 0,
      changes,
    }),
    isKnown,
    async stop() {
      for (const { close } of Object.values(ranges)) close()
      await Promise.all([writing.stop(), publishing.stop()])
    },
  }
}
