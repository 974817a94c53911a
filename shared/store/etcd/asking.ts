/** Requests go to one member, and to the others in turn while it does not answer. */

import { CniError, Code } from '../../error/error.ts'
import { StoreAway } from '../protocol.ts'
import type { Diagnosis } from './diagnosis.ts'
import { type Member, Unreached } from './member.ts'
import { isUndone, reasonOf, refusalOf } from './refusal.ts'

interface Request {
  /** Whether it may be sent to another member although one may have done it. */
  mayRepeat: boolean
  /** What it asks for, for errors. */
  keys: string
}

/** Runs an action with a member that is reached. @throws StoreAway, or CniError for a refusal */
export type Ask = <T>(action: (member: Member) => Promise<T>, request: Request) => Promise<T>

/** @param first the member that is asked first; then it is the one that has answered last */
export function asking(members: readonly Member[], first: number): Ask {
  let current = first
  return async (action, { mayRepeat, keys }) => {
    const failures: Failure[] = []
    const inTurn = [...members.keys()].map((index) => (current + index) % members.length)
    for (const index of inTurn) {
      const member = members[index] as Member
      try {
        await member.reach()
        const answer = await action(member)
        current = index
        return answer
      } catch (error) {
        const refusal = refusalOf(error, keys)
        if (refusal) throw refusal
        failures.push({ ...diagnosisOf(error), endpoint: member.endpoint })
        if (mayRepeat || error instanceof Unreached || isUndone(error)) continue
        throw new StoreAway(textOf(failures))
      }
    }
    throw away(failures)
  }
}

interface Failure extends Diagnosis {
  endpoint: string
}

function diagnosisOf(error: unknown): Diagnosis {
  return error instanceof Unreached ? error.diagnosis : { reason: reasonOf(error) }
}

/** Nothing was done: so what does not pass by itself, as an expired certificate, may be an error of its own. */
function away(failures: readonly Failure[]): CniError | StoreAway {
  const lasting = failures.find(({ hint }) => hint !== undefined)
  if (!lasting) return new StoreAway(textOf(failures))
  const others = failures.filter((failure) => failure !== lasting)
  return new CniError(Code.TryAgainLater, {
    msg: `the store at ${lasting.endpoint}: ${lasting.reason}`,
    hint: lasting.hint,
    ...(others.length > 0 && { details: textOf(others) }),
  })
}

function textOf(failures: readonly Failure[]): string {
  return failures.map(({ endpoint, reason }) => `${endpoint}: ${reason}`).join('; ')
}
