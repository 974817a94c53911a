/** Follows a range of keys: reads it whole, in pages, watches it from that revision on, and resumes at another member when a watch ends. */

import { setTimeout as wait } from 'node:timers/promises'
import { PAGE } from '../claims/pages.ts'
import type { Connection, Follower } from '../connection.ts'
import type { Entry } from '../protocol.ts'
import { rangeRequestOf } from './convert.ts'
import { type Known, newestOf } from './history.ts'
import type { Member } from './member.ts'
import { page } from './page.ts'
import { reasonOf, refusalOf } from './refusal.ts'
import { watch } from './watch.ts'

/** A page of a range with thousands of keys, that all hosts read at once, takes longer than another request. */
const PAGE_MILLISECONDS = 30_000

/** A watch that has lasted so long was a success. */
const STEADY_MILLISECONDS = 5000

/** The pause after all members have been tried: doubled each time, and random, for many hosts lose a member at once. */
const SHORTEST_MILLISECONDS = 500
const LONGEST_MILLISECONDS = 15_000

type Arguments = Parameters<Connection['follow']>

/** Follows until `close`. @param first the member that is asked first */
export function follow(members: readonly Member[], first: number, range: Arguments[0], follower: Follower) {
  const end = new AbortController()
  void run({ members, first, range, follower, signal: end.signal })
  return { close: () => end.abort() }
}

interface Course {
  members: readonly Member[]
  first: number
  range: Arguments[0]
  follower: Follower
  signal: AbortSignal
}

async function run({ members, first, range, follower, signal }: Course): Promise<void> {
  let known: Known | undefined
  let quick = 0
  const failures: string[] = []
  const begun = () => void failures.splice(0)
  for (let turn = first; !signal.aborted; turn++) {
    const member = members[turn % members.length] as Member
    const start = performance.now()
    try {
      await member.reach()
      const isResumed = known?.newest !== undefined
      if (!known?.newest) known = await whole(member, range, follower, signal)
      const isLost = await watch(member, { range, follower, signal, known, isResumed, begun })
      if (isLost) known = undefined
    } catch (error) {
      const refusal = refusalOf(error, range.from)
      if (!refusal) failures.push(`${member.endpoint}: ${reasonOf(error)}`)
      else if (!signal.aborted) follower.refused?.(refusal)
    }
    quick = performance.now() - start < STEADY_MILLISECONDS ? quick + 1 : 0
    if (failures.length >= members.length && !signal.aborted) follower.away?.(failures.splice(0).join('; '))
    await pause(quick - members.length, signal)
  }
}

/** Reads a range in pages, all as it was at the revision of the first: one answer with thousands of keys would be too long. */
async function whole(
  member: Member,
  range: Arguments[0],
  follower: Follower,
  signal: AbortSignal,
): Promise<Known> {
  const entries: Entry[] = []
  let revision: number | undefined
  for (let { from } = range; ; ) {
    const request = { ...rangeRequestOf({ from, to: range.to, limit: PAGE }), revision }
    const answer = await page(member, request, PAGE_MILLISECONDS)
    revision ??= answer.revision
    entries.push(...answer.entries)
    const last = answer.entries.at(-1)
    if (!answer.more || !last || signal.aborted) break
    from = `${last.key}\0`
  }
  if (!signal.aborted) follower.whole({ revision, entries, more: false })
  return { revision, newest: newestOf(entries) }
}

/** @param excess how many watches were tried in a row beyond one for each member */
async function pause(excess: number, signal: AbortSignal): Promise<void> {
  if (excess < 0) return
  const longest = Math.min(SHORTEST_MILLISECONDS * 2 ** excess, LONGEST_MILLISECONDS)
  await wait(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
}
