/** What other verbs of the operator answer. */

import { CniError, Code, toCniError } from '../../shared/error/error.ts'
import type { Call } from '../form/verb.ts'
import { content, type Part } from './part.ts'

/** Those that look at the whole host and change nothing; one that this executable does not have is left out. */
const names = ['status', 'doctor', 'ls', 'ipam ls', 'ipam check', 'validate']

export function verbParts(call: Call): Part[] {
  return names
    .filter((name) => Object.hasOwn(call.verbs, name))
    .map((name) => ({
      name: `patchbay/${name.replaceAll(' ', '-')}.json`,
      source: `patchbay ${name} -o json`,
      isOurs: true,
      read: async () => content(JSON.stringify(await answerOf(name, call))),
    }))
}

/** The answer, with what the verb could not see. */
async function answerOf(name: string, call: Call): Promise<object> {
  const verb = await call.verbs[name]?.()
  const complaints: object[] = []
  const complain: Call['complain'] = (where, { msg }) => complaints.push({ where, msg })
  const quiet = { words: [], flags: new Map(), out() {}, err() {}, progress() {}, complain }
  try {
    const answer = await verb?.run({ ...call, ...quiet })
    const { data = null, status = answer } = typeof answer === 'object' ? answer : {}
    return { status, complaints, data }
  } catch (error) {
    const { message, code, complaint } = toCniError(error)
    if (code === Code.InvalidEnvironment) throw new CniError(code, { msg: message })
    return { status: 1, complaints, error: { code, msg: message, hint: complaint.hint } }
  }
}
