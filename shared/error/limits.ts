/** Errors of a process whose memory or stack is used up (setrlimit(2)): what to do is to raise the limit. */

import type { Complaint } from './error.ts'

const raise = 'raise the limits of the process that called the plugin'

/** What to do when the stack is used up. QuickJS uses 1 MB at most. */
export const stackRemedy = `${raise}: ulimit -s, LimitSTACK= in a unit of systemd`

/** The complaint about an error that a limit has caused; undefined for other errors. */
export function complaintOfLimit(error: unknown): Complaint | undefined {
  if (isOutOfMemory(error)) return outOfMemory(error)
  if (isStackOverflow(error)) return stackOverflow(error)
  return undefined
}

export function outOfMemory(cause: unknown): Complaint {
  return { msg: 'out of memory', hint: `${raise}: ulimit -v, ulimit -d`, cause }
}

function stackOverflow(cause: Error): Complaint {
  return {
    msg: 'stack overflow',
    hint: `${stackRemedy}; with 1 MB or more this is a bug of the plugin: please report it, with the trace on standard error`,
    cause,
  }
}

/** Without memory QuickJS throws an error with these words, or null. */
function isOutOfMemory(error: unknown): boolean {
  if (error === null || error === undefined) return true
  return error instanceof Error && error.message === 'out of memory'
}

/** QuickJS's words, then V8's. */
export function isStackOverflow(error: unknown): error is Error {
  return error instanceof Error && /^(stack overflow$|Maximum call stack)/.test(error.message)
}
