/**
 * Helpers: processes that send a message in the background, and wait in this one's place while the kernel works on it. Init, or a subreaper
 * of the runtime, reaps them. In a container the first process may never reap: there the last helper stays as a zombie, and no
 * further one is made.
 */

import { sendInBackground } from '#engine'
import { close, type Fd, makeDirectory, Open, open, readFileIfAny } from './files.ts'
import { stateDirectory } from './state-directory.ts'
import { syscall } from './syscall.ts'

/** Has the process ID of the last helper. */
const pidFile = `${stateDirectory}/helper`

const STACK_SIZE = 16_384

/** The descriptor that helpers keep until their end, -1 for none; and whether a helper has it. */
let [kept, isHandedOver]: [Fd, boolean] = [-1, false]

/** Leaves the last close of a descriptor, which waits for the kernel, to a helper, if one is made before this process ends. */
export function closeByHelper(fd: Fd): void {
  kept = fd
}

/** NLMSG_NOOP: a message of netlink that the kernel ignores. */
const noop = () => Buffer.from([16, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

/** Makes a helper for that descriptor, a netlink socket, unless one has it already. */
export function makeHelperToClose(): void {
  if (kept >= 0 && !isHandedOver) sendByHelper(kept, noop())
}

/**
 * Closes a descriptor whose last close waits for the kernel: a helper has it, too, and waits. Where no helper can be made this one waits.
 * @param messenger a netlink socket, through which the helper says nothing
 */
export function closeInBackground(fd: Fd, messenger: Fd): void {
  sendByHelper(messenger, noop(), fd)
  close(fd)
}

/** Message and stack of each helper that may still run, by process ID: they are not to be freed. */
const inUse = new Map<number, readonly Uint8Array[]>()

/**
 * Sends a message by a helper, and does not wait until the kernel has processed it.
 * @param keeping what the helper has open besides until its end, -1 for nothing
 * @returns the helper's process ID; undefined when none can be made: then the caller sends the message itself
 */
export function sendByHelper(socket: Fd, message: Uint8Array, keeping = kept): number | undefined {
  reapHelpers()
  const file = sendInBackground && openPidFile()
  if (!sendInBackground || file === undefined) return undefined
  try {
    if (isZombie(readPid(file))) return undefined
    const stack = Buffer.alloc(STACK_SIZE)
    const pid = sendInBackground(socket, keeping, message, stack)
    if (pid < 0) return undefined
    inUse.set(pid, [message, stack])
    isHandedOver ||= keeping === kept && kept >= 0
    writePid(file, pid)
    return pid
  } finally {
    close(file)
  }
}

const [WNOHANG, __WCLONE] = [1, 0x80000000]

/** Frees what helpers used that have ended. No program that is run is reaped here: its end sends SIGCHLD, a helper's does not (wait4(2)). */
export function reapHelpers(): void {
  if (inUse.size === 0) return
  for (let pid = 1; pid > 0; ) {
    pid = syscall('wait4', -1, 0, WNOHANG | __WCLONE, 0)
    inUse.delete(pid)
  }
}

/** Undefined where no file can be written: without it, zombies might add up. */
function openPidFile(): Fd | undefined {
  try {
    makeDirectory(stateDirectory)
    return open(pidFile, Open.RDWR | Open.CREAT | Open.NOFOLLOW | Open.NONBLOCK)
  } catch {
    return undefined
  }
}

/** The length of every process ID in the file, so that a shorter one replaces a longer one whole. */
const DIGITS = 10

/** The process ID in the file; 0 without one. */
function readPid(file: Fd): number {
  const text = Buffer.alloc(DIGITS)
  const length = syscall('pread64', file, text, DIGITS, 0)
  return length === DIGITS ? Number(text.toString()) : 0
}

function writePid(file: Fd, pid: number): void {
  const text = Buffer.from(String(pid).padStart(DIGITS))
  syscall('pwrite64', file, text, text.length, 0)
}

/** Whether a process has ended and was not reaped (proc_pid_stat(5)), or that cannot be read. */
function isZombie(pid: number): boolean {
  try {
    return pid > 0 && /\) Z /.test(readFileIfAny(`/proc/${pid}/stat`) ?? '')
  } catch {
    return true
  }
}
