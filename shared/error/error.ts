/** CNI errors as data: a code, what was attempted, what to do. They become text when they are printed. */

import { type Commands, KernelError } from '../kernel/errno.ts'
import { complaintOfLimit } from './limits.ts'
import { remedyOf } from './remedy.ts'

/** Error codes of the CNI specification 1.1.0, section "Error", and libcni's code 999 for all other errors. */
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
  Internal: 999,
} as const

export type Code = (typeof Code)[keyof typeof Code]

/** A fault. `see` and `reproduce` are commands that can be pasted into a shell of the host. */
export interface Complaint extends Commands {
  /** What was attempted and why it failed: a pod's event shows this, so it is short. */
  msg: string
  /** Facts that are too long for `msg`. */
  details?: string
  /** What to do. */
  hint?: string
  /** The kernel's errno name. */
  errno?: string
  /** The kernel's explanation. */
  extack?: string
  /** The file with the fault. */
  path?: string
  /** Further faults: other keys of a configuration, other steps of a DEL. */
  also?: readonly Complaint[]
  cause?: unknown
}

/** An error that is written to standard output as JSON for the runtime. */
export class CniError extends Error {
  readonly code: number
  readonly complaint: Complaint

  constructor(code: number, complaint: Complaint) {
    super(complaint.msg, { cause: complaint.cause })
    this.code = code
    this.complaint = complaint
  }

  /** The `details` of the JSON: all fields of the complaint except `msg`, in one text. */
  get details(): string {
    const lines = linesOf(this.complaint)
    // Below a quoted line of a configuration a caret shows the place: nothing may follow it there.
    return lines.join(lines.some((line) => line.includes('\n')) ? '\n' : '; ')
  }
}

/** The greatest length of a printed `msg`: a pod's event shows little more. */
export const longestMsg = 199

/** The `msg` and `details` of CNI's JSON. A longer `msg` is cut, and the whole of it is put into `details`. */
export function printed({ message, details }: CniError): { msg: string; details: string } {
  if (message.length <= longestMsg) return { msg: message, details }
  const whole = shortened(message)
  return { msg: shortened(message, longestMsg), details: details ? `${whole}; ${details}` : whole }
}

/** A text that another program or a configuration made long is cut. */
export function shortened(text: string, longest = 4000): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}

/** The number of further complaints that are printed. */
const alsoPrinted = 9

/** A complaint without its `msg`, one line for each fact. `patchbay` commands print the lines, CNI's JSON joins them. */
export function linesOf({
  details,
  hint,
  errno,
  extack,
  path,
  see,
  reproduce,
  also = [],
}: Complaint): string[] {
  const more = also.length - alsoPrinted
  return [
    details,
    hint,
    errno && `kernel: ${extack ? `${errno}, ${extack}` : errno}`,
    path && `file: ${path}`,
    see && `see: ${see}`,
    reproduce && `reproduce: ${reproduce}`,
    ...also.slice(0, alsoPrinted).map((other) => `also: ${inOneLine(other)}`),
    more > 0 && `and ${more} more`,
  ]
    .filter((line): line is string => Boolean(line))
    .map((line) => shortened(line))
}

function inOneLine(complaint: Complaint): string {
  const lines = linesOf(complaint)
  const msg = shortened(complaint.msg)
  return lines.length > 0 ? `${msg} (${lines.join('; ')})` : msg
}

/** The fields that a complaint copies from the kernel's error that caused it. */
export function factsOf(cause: KernelError): Omit<Complaint, 'msg'> {
  const { errno, extack, see, reproduce } = cause
  return { errno, extack, see, reproduce, cause }
}

/** Converts a thrown value to a CNI error of code 999; a CNI error stays as it is, a kernel error keeps its errno and commands, and gets a hint. */
export function toCniError(error: unknown): CniError {
  if (error instanceof CniError) return error
  const msg = error instanceof Error ? error.message : String(error)
  if (error instanceof KernelError)
    return new CniError(Code.Internal, { msg, hint: remedyOf(error), ...factsOf(error) })
  const limit = complaintOfLimit(error)
  if (limit) return new CniError(Code.Internal, limit)
  if (isUnreadable(error))
    return new CniError(Code.Internal, {
      msg: 'data that was read has an unexpected form: please report it, with the trace on standard error',
      hint: 'the kernel may be newer than this version of Patchbay: uname -r; the trace shows what was read',
      cause: error,
    })
  return new CniError(Code.Internal, {
    msg,
    hint: 'this is a bug of the plugin: please report it, with the trace on standard error',
    cause: error,
  })
}

/** A message or a buffer that is too short makes such an error: Patchbay's own are CniError and KernelError. */
function isUnreadable(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === 'Error')
}

/** Runs an action and gives its CniErrors another code: an error that ADD reports as 7 is a 50 in STATUS. */
export function withCode<T>(code: Code, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof CniError)) throw error
    throw new CniError(code, { ...error.complaint, cause: error })
  }
}
