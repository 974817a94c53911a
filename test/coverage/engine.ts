/** The Node engine of executables that record what they execute. It makes calls fail on request, as test/engine/faults.c does. */

import { appendFileSync } from 'node:fs'
import type { Engine } from '../../engine/engine.ts'
import * as node from '../../engine/node/engine.ts'

export {
  architecture,
  become,
  commandLine,
  environment,
  exit,
  sendInBackground,
} from '../../engine/node/engine.ts'

const execve = node.architecture === 'arm64' ? 221 : 59

/** How often each call was made, by number. */
const made = new Map<number, number>()

/** The errno with which a call is to fail; 0 when it is to be executed. */
function fault(number: number): number {
  const nth = (made.get(number) ?? 0) + 1
  made.set(number, nth)
  const call = `${number}:${nth}`
  const { PATCHBAY_CALLS, PATCHBAY_FAULT = '' } = process.env
  if (PATCHBAY_CALLS) appendFileSync(PATCHBAY_CALLS, `${call}\n`)
  if (!PATCHBAY_FAULT.startsWith(`${call}:`)) return 0
  const action = PATCHBAY_FAULT.slice(call.length + 1)
  if (action !== 'kill' && action !== 'stop') return Number(action)
  // Node writes its report before it kills itself.
  process.kill(process.pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP')
  return 0
}

/** The executable is the script by whose name Node was called, not Node: IPAM compares it with its delegate. */
const ownExecutable = Buffer.from('/proc/self/exe\0')
const called = Buffer.from(`${process.argv0}\0`)

export const syscall: Engine['syscall'] = (number, ...args) => {
  const error = fault(number)
  if (error) return -error
  const isOwn = (argument: unknown) => argument instanceof Uint8Array && ownExecutable.equals(argument)
  return node.syscall(number, ...args.map((argument) => (isOwn(argument) ? called : argument)))
}

export const spawn: Engine['spawn'] = (program) => (fault(execve) ? -1 : node.spawn(program))
