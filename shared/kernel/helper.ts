/**
 * Helpers: processes that wait in this one's place while the kernel works on a message. Init, or a subreaper of the runtime, reaps them. In a
 * container the first process may never reap: there the last helper stays as a zombie, and no further one is made.
 */

import { sendApart as start } from '#engine'
import { close, type Fd, makeDirectory, Open, open, readFileIfAny } from './files.ts'
import { stateDirectory } from './state-directory.ts'
import { syscall } from './syscall.ts'

/** The number of the last process that was made a helper. */
const noted = `${stateDirectory}/helper`

const STACK = 16_384

/** A descriptor whose last close waits for the kernel, too; -1 for none. */
let slow: Fd = -1

/** Leaves the last close of a descriptor to a helper, if one is made before this process ends. */
export function closeByHelper(fd: Fd): void {
  slow = fd
}

/** What the helpers of this process use, by process ID. */
const memory = new Map<number, readonly Uint8Array[]>()

/**
 * Sends a message by a helper, and does not wait until the kernel has processed it.
 * @returns the helper's process ID; undefined when none can be made: then the caller sends the message itself
 */
export function sendByHelper(socket: Fd, message: Uint8Array): number | undefined {
  reapHelpers()
  const note = start && openNote()
  if (!start || note === undefined) return undefined
  try {
    if (isZombie(numberIn(note))) return undefined
    const stack = Buffer.alloc(STACK)
    const pid = start(socket, slow, message, stack)
    if (pid < 0) return undefined
    memory.set(pid, [message, stack])
    writeNumber(note, pid)
    return pid
  } finally {
    close(note)
  }
}

const [WNOHANG, __WCLONE] = [1, 0x80000000]

/** Frees what helpers used that have ended. No program that is run is reaped here: its end sends SIGCHLD, a helper's does not (wait4(2)). */
export function reapHelpers(): void {
  if (memory.size === 0) return
  for (let pid = 1; pid > 0; ) {
    pid = syscall('wait4', -1, 0, WNOHANG | __WCLONE, 0)
    memory.delete(pid)
  }
}

/** Undefined where nothing can be noted: without the note, zombies might add up. */
function openNote(): Fd | undefined {
  try {
    makeDirectory(stateDirectory)
    return open(noted, Open.RDWR | Open.CREAT | Open.NOFOLLOW | Open.NONBLOCK)
  } catch {
    return undefined
  }
}

/** A number is as long as any other, so that a shorter one replaces it whole. */
const DIGITS = 10

function numberIn(note: Fd): number {
  const text = Buffer.alloc(DIGITS)
  const length = syscall('pread64', note, text, DIGITS, 0)
  return length === DIGITS ? Number(text.toString()) : 0
}

function writeNumber(note: Fd, pid: number): void {
  const text = Buffer.from(String(pid).padStart(DIGITS))
  syscall('pwrite64', note, text, text.length, 0)
}

/** Whether a process has ended and was not reaped (proc_pid_stat(5)), or that cannot be read. */
function isZombie(pid: number): boolean {
  try {
    return pid > 0 && /\) Z /.test(readFileIfAny(`/proc/${pid}/stat`) ?? '')
  } catch {
    return true
  }
}
