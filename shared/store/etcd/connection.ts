/** The connection with etcd, over all its members. */

import type { StoreConfig } from '../config.ts'
import type { Connection, StoreStep } from '../connection.ts'
import { keysBelow } from '../keys.ts'
import { type Ask, asking } from './asking.ts'
import { rangeRequestOf, transactAnswerOf, transactRequestOf } from './convert.ts'
import { filesOf } from './credentials.ts'
import { follow } from './follow.ts'
import { member } from './member.ts'
import type { TransactResponse } from './messages.ts'
import { transactMethod } from './methods.ts'
import { page } from './page.ts'
import { statusOf } from './status.ts'

/** @param first which member is asked first */
export function connection(config: StoreConfig, first: number): Connection {
  const members = config.endpoints.map((endpoint) => member(endpoint, () => filesOf(config)))
  const ask = asking(members, first)
  const { epoch } = keysBelow(config.prefix)
  const ends = new Set<() => void>()
  let isClosed = false
  return {
    ask: (step) => answerTo(step, ask, epoch),
    follow(range, follower) {
      const { close } = follow(members, first, range, follower)
      if (isClosed) close()
      else ends.add(close)
      return {
        close() {
          ends.delete(close)
          close()
        },
      }
    },
    close() {
      isClosed = true
      for (const end of ends) end()
      for (const { close } of members) close()
    },
  }
}

/** Reads may be repeated. */
function answerTo(step: StoreStep, ask: Ask, epoch: string) {
  if (step.kind === 'status')
    return ask((member) => statusOf(member, epoch), { mayRepeat: true, keys: epoch })
  const keys = keysOf(step)
  if (step.kind === 'range') {
    const request = rangeRequestOf(step)
    return ask((member) => page(member, request), { mayRepeat: true, keys })
  }
  const request = transactRequestOf(step)
  return ask(
    async (member) => transactAnswerOf(await member.ask<TransactResponse>(transactMethod, request)),
    {
      mayRepeat: false,
      keys,
    },
  )
}

/** The keys of a request, for its errors. */
export function keysOf(step: Exclude<StoreStep, { kind: 'status' }>): string {
  if (step.kind === 'range') return step.to === undefined ? step.from : `${step.from}…`
  const ofConditions = step.when.map((condition) =>
    'key' in condition ? condition.key : `${condition.from}…`,
  )
  const puts = step.do.flatMap((operation) => ('put' in operation ? [operation.put.key] : []))
  const reads = step.do.flatMap((operation) => ('range' in operation ? [operation.range.from] : []))
  return [...new Set([...puts, ...ofConditions, ...reads])].slice(0, 2).join(', ') || 'the keys of the store'
}
