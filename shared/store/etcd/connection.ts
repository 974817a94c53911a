/** The connection with etcd: requests go to one member, and to the others in turn while it does not answer. */

import type { ChannelCredentials } from '@grpc/grpc-js'
import type { StoreConfig } from '../config.ts'
import type { Connection, StoreStep } from '../connection.ts'
import { keysBelow } from '../keys.ts'
import { StoreAway } from '../protocol.ts'
import { rangeAnswerOf, rangeRequestOf, transactAnswerOf, transactRequestOf } from './convert.ts'
import { follow } from './follow.ts'
import { type Member, member } from './member.ts'
import type { RangeResponse, TransactResponse } from './messages.ts'
import { rangeMethod, transactMethod } from './methods.ts'
import { isUndone, refusalOf } from './refusal.ts'
import { statusOf } from './status.ts'

/** The members, of which the first is asked first. */
export interface Members {
  /** Runs an action with a member that is reached; with the next one, where `mayRepeat` allows it. @throws StoreAway, CniError */
  ask<T>(action: (member: Member) => Promise<T>, mayRepeat: (error: unknown) => boolean): Promise<T>
}

/** @param first which member is asked first */
export function connection(config: StoreConfig, credentials: ChannelCredentials, first: number): Connection {
  const all = config.endpoints.map((endpoint) => member(endpoint, credentials))
  const ask = asking(all, first)
  const { epoch } = keysBelow(config.prefix)
  return {
    ask: (step) => answerTo(step, ask, epoch),
    follow: (range, follower) => follow(all, first, range, follower),
    close() {
      for (const { close } of all) close()
    },
  }
}

type Ask = Members['ask']

function answerTo(step: StoreStep, ask: Ask, epoch: string) {
  switch (step.kind) {
    case 'status':
      return ask((member) => statusOf(member, epoch), always)
    case 'range': {
      const request = rangeRequestOf(step)
      return ask(
        async (member) => rangeAnswerOf(await member.ask<RangeResponse>(rangeMethod, request)),
        always,
      )
    }
    case 'transact': {
      const request = transactRequestOf(step)
      const send = async (member: Member) =>
        transactAnswerOf(await member.ask<TransactResponse>(transactMethod, request))
      return ask(send, isUndone)
    }
  }
}

const always = () => true

/** Begins with the member that has answered last. */
function asking(members: readonly Member[], first: number): Ask {
  let current = first % members.length
  return async (action, mayRepeat) => {
    const failures: string[] = []
    for (const _ of members) {
      const asked = members[current] as Member
      const failed = (why: string) => {
        failures.push(`${asked.endpoint}: ${why}`)
        current = (current + 1) % members.length
      }
      try {
        await asked.reach()
      } catch (error) {
        failed((error as Error).message)
        continue
      }
      try {
        return await action(asked)
      } catch (error) {
        const refusal = refusalOf(error)
        if (refusal) throw refusal
        asked.close()
        failed((error as Error).message)
        if (!mayRepeat(error)) break
      }
    }
    throw new StoreAway(failures.join('; '))
  }
}
