/** Follows a range of keys: reads it whole, watches it from that revision on, and resumes at another member when a watch ends. */

import { setTimeout as wait } from 'node:timers/promises'
import type { Connection, Follower } from '../connection.ts'
import { rangeAnswerOf, rangeRequestOf } from './convert.ts'
import { type Known, newestOf } from './history.ts'
import type { Member } from './member.ts'
import type { RangeResponse } from './messages.ts'
import { rangeMethod } from './methods.ts'
import { reasonOf } from './refusal.ts'
import { watch } from './watch.ts'

/** A range with thousands of keys takes longer than another request. */
const WHOLE_MILLISECONDS = 30_000

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
      failures.push(`${member.endpoint}: ${reasonOf(error)}`)
    }
    quick = performance.now() - start < STEADY_MILLISECONDS ? quick + 1 : 0
    if (failures.length >= members.length && !signal.aborted) follower.away?.(failures.splice(0).join('; '))
    await pause(quick - members.length, signal)
  }
}

async function whole(
  member: Member,
  range: Arguments[0],
  follower: Follower,
  signal: AbortSignal,
): Promise<Known> {
  const response = await member.ask<RangeResponse>(rangeMethod, rangeRequestOf(range), WHOLE_MILLISECONDS)
  const answer = rangeAnswerOf(response)
  if (!signal.aborted) follower.whole(answer)
  return { revision: answer.revision, newest: newestOf(answer.entries) }
}

/** @param excess how many watches were tried in a row beyond one for each member */
async function pause(excess: number, signal: AbortSignal): Promise<void> {
  if (excess < 0) return
  const longest = Math.min(SHORTEST_MILLISECONDS * 2 ** excess, LONGEST_MILLISECONDS)
  await wait(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
}
