/** CNI errors as values with intent: a code, what was attempted, and what to do about it. */

import { KernelError } from '../kernel/errno.ts'

/** Error codes of the CNI specification 1.1.0, section "Error", and the library's catch-all 999. */
export const Code = {
  IncompatibleVersion: 1,
  UnsupportedField: 2,
  UnknownContainer: 3,
  InvalidEnvironment: 4,
  IoFailure: 5,
  DecodingFailure: 6,
  InvalidNetworkConfig: 7,
  InvalidNetNS: 8,
  TryAgainLater: 11,
  PluginNotAvailable: 50,
  LimitedConnectivity: 51,
  Internal: 999,
} as const

export type Code = (typeof Code)[keyof typeof Code]

export interface Complaint {
  /** What was attempted and why it cannot be. */
  msg: string
  /** What to do. */
  hint?: string
  /** The kernel's errno name. */
  kernel?: string
  /** The command that shows the same by hand: `ip link add …`. */
  command?: string
  /** Anything else worth knowing. */
  details?: string
  cause?: unknown
}

/** An error that the runtime gets as JSON on standard output. */
export class CniError extends Error {
  readonly code: number
  readonly details: string

  constructor(code: number, complaint: Complaint) {
    super(complaint.msg, { cause: complaint.cause })
    this.code = code
    this.details = render(complaint)
  }
}

function render({ details, hint, kernel, command }: Complaint): string {
  const lines = [details, hint, kernel && `kernel: ${kernel}`, command && `to reproduce: ${command}`]
  return lines.filter(Boolean).join('; ')
}

/** Any thrown thing as a CNI error: kernel errors keep errno and command, the unexpected becomes 999. */
export function toCniError(error: unknown): CniError {
  if (error instanceof CniError) return error
  if (error instanceof KernelError) {
    const { errno, extack, command } = error
    return new CniError(Code.Internal, {
      msg: error.message,
      kernel: extack ? `${errno}, ${extack}` : errno,
      command,
      cause: error,
    })
  }
  const msg = error instanceof Error ? error.message : String(error)
  return new CniError(Code.Internal, { msg, cause: error })
}

/** Lets an action's refusal bear another code: in STATUS, what would be a 7 in ADD. */
export function withCode<T>(code: Code, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof CniError)) throw error
    throw new CniError(code, { msg: error.message, details: error.details, cause: error })
  }
}
