/**
 * One claim at a time for a network: a process that claims holds the lock of a file, and leaves the outcome there. A program that claims in the
 * background has the file as its standard output, and so the lock until its end.
 */

import { reportedError } from '../../cni/reported.ts'
import { CniError, Code, printed } from '../../error/error.ts'
import { wallClock } from '../../kernel/clock.ts'
import { close, type Fd, makeDirectory, Open, open, writeAll } from '../../kernel/files.ts'
import { overwrite } from '../../kernel/in-place.ts'
import { isLocked, lockIfFree, type Settled } from '../../kernel/lock.ts'
import { readOwnIfAny } from '../../kernel/regular.ts'
import { stat } from '../../kernel/stat.ts'
import { stateDirectory } from '../../kernel/state-directory.ts'
import { must } from '../../kernel/syscall.ts'
import { explaining } from '../../state/explain.ts'
import { withFileLock } from '../../state/lock.ts'

const directory = `${stateDirectory}/pool`

const fileOf = (network: string) => `${directory}/${network}.claim`

/** Runs an action while no other process claims for the network. @throws CniError of code 11 when one does for too long; of code 5 without a file */
export function whileNoneClaims<T>(network: string, action: () => Settled<T>): T {
  explaining(stateDirectory, () => makeDirectory(directory, 0o700))
  return withFileLock(fileOf(network), action)
}

/** Leaves the outcome of a claim for those that wait for it. */
export function noteOutcome(network: string, failure?: CniError): void {
  overwrite(fileOf(network), failure ? JSON.stringify({ code: failure.code, ...printed(failure) }) : '{}')
}

/** The last claim of a network. */
export interface Outcome {
  /** The time of its end, nanoseconds since the epoch; of no claim 0. */
  time: bigint
  failure?: CniError
}

export function lastOutcome(network: string): Outcome {
  const file = fileOf(network)
  const text = readOwnIfAny(file)?.toString() ?? ''
  const time = stat(file)?.mtime ?? 0n
  const failure = text === STARTED ? endedEarly() : reportedError(text, 'patchbay-agent')
  return text === '' || !failure ? { time } : { time, failure }
}

/** Whether a process claims for the network now: then the file says nothing of it yet. */
export function isClaiming(network: string): boolean {
  return isLocked(fileOf(network))
}

/** What a program has for its standard output begins with this, so that one that ends without an answer has failed. */
const STARTED = '\n'

function endedEarly(): CniError {
  return new CniError(Code.TryAgainLater, { msg: 'patchbay-agent ended without an answer' })
}

/** After a failure no spare block is claimed for so long, nanoseconds. */
const PAUSE = 30_000_000_000n

/**
 * Takes the lock for a program that claims in the background.
 * @returns the file, to be the program's standard output; undefined when another one runs, or has failed just now @throws KernelError
 */
export function openForProgram(network: string): Fd | undefined {
  makeDirectory(directory, 0o700)
  const file = fileOf(network)
  const fd = open(file, Open.RDWR | Open.CREAT | Open.NONBLOCK | Open.NOFOLLOW)
  if (lockIfFree(fd, file) && !hasJustFailed(network)) {
    must(`empty ${file}`, 'ftruncate', fd, 0)
    writeAll(fd, Buffer.from(STARTED), file)
    return fd
  }
  close(fd)
  return undefined
}

/** A time in the future does not count: the clock was set back. */
function hasJustFailed(network: string): boolean {
  const { time, failure } = lastOutcome(network)
  const age = wallClock() - time
  return failure !== undefined && age >= 0n && age < PAUSE
}
