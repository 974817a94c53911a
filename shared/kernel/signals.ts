/** Waiting for the signals by which a runtime or an operator ends a process. */

import type { Fd } from './files.ts'
import { must, syscall } from './syscall.ts'

export const SIGHUP = 1
const SIGINT = 2
const SIGTERM = 15
const SIG_BLOCK = 0

/** The kernel's sigset_t: a bit for each signal, from 1. */
function setOf(...signals: number[]): Buffer {
  const set = Buffer.alloc(8)
  set.writeBigUInt64LE(signals.reduce((bits, signal) => bits | (1n << BigInt(signal - 1)), 0n))
  return set
}

/**
 * Keeps SIGTERM, SIGINT and SIGHUP pending. So they reach a first process, too, for which the kernel ignores signals without a handler unless
 * they are blocked (kernel/signal.c, sig_ignored).
 * @returns a function that waits until one comes, or returns at once if one has come
 */
export function holdEndingSignals(): () => void {
  const set = held()
  return () => void must('wait for a signal', 'rt_sigtimedwait', set, 0, 0, set.length)
}

/** Keeps the same pending for work that has to be undone. @returns a function that tells whether one has come */
export function noticeEndingSignals(): () => boolean {
  const [set, noTime] = [held(), Buffer.alloc(16)]
  let hasCome = false
  return () => {
    hasCome ||= syscall('rt_sigtimedwait', set, 0, noTime, set.length) > 0
    return hasCome
  }
}

const SFD_CLOEXEC = 0o2000000

/** Keeps the same pending for work that waits for something else, too. @returns a descriptor that is readable when one has come (signalfd(2)) */
export function endingSignals(): Fd {
  const set = held()
  return must('wait for signals', 'signalfd4', -1, set, set.length, SFD_CLOEXEC)
}

/** struct signalfd_siginfo, include/uapi/linux/signalfd.h: it begins with the signal's number. */
const SIGINFO_BYTES = 128

/** The signal that has come at such a descriptor. It waits for one. */
export function signalAt(fd: Fd): number {
  const info = Buffer.alloc(SIGINFO_BYTES)
  must('read a signal', 'read', fd, info, info.length)
  return info.readUInt32LE(0)
}

function held(): Buffer {
  const set = setOf(SIGHUP, SIGINT, SIGTERM)
  must('block signals', 'rt_sigprocmask', SIG_BLOCK, set, 0, set.length)
  return set
}
