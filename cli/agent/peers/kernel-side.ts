/**
 * What the hosts publish of a VNI becomes entries of this host's VTEP. A pass compares them: all, or those MAC and IP addresses alone of which
 * there was news.
 */

import { wrongOf } from '../states.ts'
import { worker } from '../worker.ts'
import { apply, type Difference, differenceKey, differencesOf, only } from './differences.ts'
import { canonical } from './told.ts'
import { type Actual, readVtep, write } from './vtep.ts'
import { concerning, type Local, wantedOf } from './wanted.ts'
import { areKnown, type Served, type Workplace } from './workplace.ts'

/** Passes are so many times their duration apart, so that they take a fifth of a processor; but the first, which writes all, may take half a minute. */
const SHARE = 4
const LONGEST_GATHER = 1_000

export interface KernelSide {
  /** There was news of some MAC and IP addresses. */
  lookAt(claims: Iterable<string>): void
  /** @param isAgain changes of the store were lost */
  lookAtAll(isAgain?: boolean): void
  /** The kernel's entries may be others than it knows. */
  forget(): void
  /** A pass is made now. */
  now(): void
  counts(): { peers: number; neighbours: number; changes: number }
  stop(): Promise<void>
}

export function openKernelSide(place: Workplace, served: Served): KernelSide {
  const { socket, announcer, faults, doubts, pace, host } = place
  const { name, ranges } = served
  let actual: Actual | undefined
  /** What the next pass looks at; undefined: all. */
  let news: Set<string> | undefined
  let wrongs = new Map<string, string>()
  let changes = 0
  /** How long the last pass took, milliseconds. */
  let took = 0
  /** Until when entries stay that are not wanted, by `differenceKey`; and until when none is removed. */
  let unwanted = new Map<string, number>()
  let heldUntil = 0
  /** The entries have been written once: what comes then is news. */
  let isFilled = false

  const passes = worker(
    async () => {
      if (!areKnown(ranges)) return
      const begin = performance.now()
      actual ??= readVtep(socket, served.vtep)
      const due = dueNow(differencesNow(actual))
      tellDoubts()
      if (due.length > 0) write(socket, served.vtep, due)
      if (isFilled) announceOf(due)
      isFilled = true
      apply(actual.entries, due)
      changes += due.length
      took = performance.now() - begin
      faults.set(`${name}: VTEP`, undefined)
    },
    (error) => {
      forget()
      faults.set(`${name}: VTEP`, wrongOf(error))
    },
  )

  function forget(): void {
    actual = undefined
    news = undefined
  }

  const soon = () => passes.soon(Math.max(pace.gather, Math.min(SHARE * took, LONGEST_GATHER)))

  /** All that there was news of. */
  function differencesNow(there: Actual): Difference[] {
    const claims = news
    news = new Set()
    const neighbours = ranges.neighbours.values().values()
    const wanted = wantedOf(
      localNow(there),
      ranges.vteps.values().values(),
      claims ? concerning(claims, neighbours) : neighbours,
    )
    const others = [...wrongs].filter(([subject]) => claims && !claims.has(subject))
    wrongs = new Map([...others, ...wanted.wrongs])
    if (!claims) return differencesOf(wanted.entries, there.entries)
    return differencesOf(only(claims, wanted.entries), only(claims, there.entries))
  }

  function localNow({ foreign, addresses }: Actual): Local {
    const { told, vtep } = served
    const own = told.attached.flatMap(({ mac, addresses }) => [mac, ...addresses.map(canonical)])
    const address = canonical(told.address)
    const { proxy, dev: via, dstport: port } = vtep.options
    const family = address.includes(':') ? 6 : 4
    return { host, address, addresses, family, port, via, proxy, taken: new Set([...own, ...foreign]) }
  }

  /**
   * Removals wait for their time; what was in the kernel before waits longer, for the store may have been restored just now. The pass that
   * comes then looks at them again.
   */
  function dueNow(differences: Difference[]): Difference[] {
    const now = performance.now()
    const before = unwanted
    unwanted = new Map()
    return differences.filter((one) => {
      if (one.set !== undefined) return true
      const key = differenceKey(one)
      const until = before.get(key) ?? now + (isFilled ? pace.removal : pace.look)
      const due = Math.max(until, heldUntil)
      if (now >= due) return true
      unwanted.set(key, until)
      if (one.kind === 'flood') news = undefined
      else news?.add(key)
      passes.soon(due - now + 1)
      return false
    })
  }

  function announceOf(differences: readonly Difference[]): void {
    const moved = differences.flatMap((one) =>
      one.kind === 'neighbour' && one.set ? [[one.address, one.set] as const] : [],
    )
    // What is announced is news of what is written already: without it containers learn it in a minute.
    try {
      announcer.announce(served.vtep.link, moved)
      faults.set(`${name}: announcements`, undefined)
    } catch (error) {
      faults.set(`${name}: announcements`, wrongOf(error))
    }
  }

  function tellDoubts(): void {
    const all = new Map<string, string>()
    for (const [subject, wrong] of wrongs) all.set(`${name}: ${subject}`, wrong)
    for (const [range, { wrongs }] of Object.entries(ranges))
      for (const [key, wrong] of wrongs())
        all.set(`${name}: key ${range}/${served.told.vni}/${key.slice(0, 300)}`, wrong)
    doubts.only(`${name}: `, all)
  }

  return {
    lookAt(claims) {
      for (const claim of claims) news?.add(claim)
      soon()
    },
    lookAtAll(isAgain = false) {
      if (isAgain) heldUntil = performance.now() + pace.look
      news = undefined
      soon()
    },
    forget,
    now: passes.now,
    counts: () => ({
      peers: actual?.entries.flood.size ?? 0,
      neighbours: actual?.entries.fdb.size ?? 0,
      changes,
    }),
    stop: passes.stop,
  }
}
