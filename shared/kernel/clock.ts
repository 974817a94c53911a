/** Clocks, and waiting for a descriptor or for a time. */

import type { Fd } from './files.ts'
import { must, syscall } from './syscall.ts'

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const CLOCK_REALTIME_COARSE = 5
const POLLIN = 1

/** Milliseconds since an unspecified fixed point; never goes back (clock_gettime(2), CLOCK_MONOTONIC). */
export function now(): number {
  return Number(read(CLOCK_MONOTONIC)) / 1e6
}

/** The time of day: nanoseconds since the epoch (clock_gettime(2), CLOCK_REALTIME). */
export function wallClock(): bigint {
  return read(CLOCK_REALTIME)
}

/**
 * The time that a file changed now gets, nanoseconds since the epoch: the time of day at the kernel's last tick, up to 10 ms
 * before wallClock() (clock_gettime(2), CLOCK_REALTIME_COARSE).
 */
export function fileClock(): bigint {
  return read(CLOCK_REALTIME_COARSE)
}

function read(clock: number): bigint {
  const timespec = Buffer.alloc(16)
  must('read the clock', 'clock_gettime', clock, timespec)
  return timespec.readBigInt64LE(0) * 1_000_000_000n + timespec.readBigInt64LE(8)
}

/** Waits until a descriptor is readable; false when the time (milliseconds) is over first (ppoll(2)). */
export function waitReadable(fd: Fd, milliseconds: number): boolean {
  const pollfd = Buffer.alloc(8)
  pollfd.writeInt32LE(fd, 0)
  pollfd.writeInt16LE(POLLIN, 4)
  return syscall('ppoll', pollfd, 1, toTimespec(milliseconds), 0, 8) > 0
}

/** Waits for a time. */
export function sleep(milliseconds: number): void {
  syscall('ppoll', 0, 0, toTimespec(milliseconds), 0, 8)
}

/** struct timespec, include/uapi/linux/time_types.h. */
function toTimespec(milliseconds: number): Buffer {
  const whole = Math.max(0, Math.ceil(milliseconds))
  const timespec = Buffer.alloc(16)
  timespec.writeBigInt64LE(BigInt(Math.floor(whole / 1000)), 0)
  timespec.writeBigInt64LE(BigInt(whole % 1000) * 1_000_000n, 8)
  return timespec
}
