/** Kernel errors as values: the errno's name, what was attempted, and commands for the operator. */

import { Errno } from './errno-numbers.ts'

export { Errno }

export type ErrnoName = keyof typeof Errno | `errno ${number}`

const names = new Map<number, keyof typeof Errno>(
  Object.entries(Errno).map(([name, errno]) => [errno, name as keyof typeof Errno]),
)

/** The name of an errno number: `EEXIST` for 17. */
export function errnoName(errno: number): ErrnoName {
  return names.get(errno) ?? `errno ${errno}`
}

/** Commands that the reader of an error can paste into a shell. */
export interface Commands {
  /** Shows the state that caused the error, and changes nothing: `ip link show dev eth0`. */
  see?: string
  /** Repeats the action that failed: `ip link add …`. */
  reproduce?: string
}

/** The kernel refused a request. `extack` is its explanation (NLMSGERR_ATTR_MSG). */
export class KernelError extends Error {
  readonly errno: ErrnoName
  readonly attempted: string
  readonly extack: string | undefined
  readonly see: string | undefined
  readonly reproduce: string | undefined

  constructor(errno: number, attempted: string, more: { extack?: string } & Commands = {}) {
    const name = errnoName(errno)
    super(`${attempted}: ${name}${more.extack ? ` (${more.extack})` : ''}`)
    this.errno = name
    this.attempted = attempted
    this.extack = more.extack
    this.see = more.see
    this.reproduce = more.reproduce
  }
}

/** Whether an error is a KernelError with one of these names. */
export function isErrno(error: unknown, ...which: ErrnoName[]): error is KernelError {
  return error instanceof KernelError && which.includes(error.errno)
}

/** Runs an action and ignores the given errors: ENODEV when deleting a link that is gone, EEXIST when adding an existing one. */
export function tolerate<T>(action: () => T, ...which: ErrnoName[]): T | undefined {
  try {
    return action()
  } catch (error) {
    if (isErrno(error, ...which)) return undefined
    throw error
  }
}
