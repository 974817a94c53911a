/** Clocks, and waiting for a descriptor or for a time. */

import type { Fd } from './files.ts'
import { must, syscall } from './syscall.ts'

const CLOCK_REALTIME = 0
const CLOCK_MONOTONIC = 1
const CLOCK_REALTIME_COARSE = 5
const CLOCK_BOOTTIME = 7
const POLLIN = 1

/** Milliseconds since an unspecified fixed point; never goes back (clock_gettime(2), CLOCK_MONOTONIC). */
export function now(): number {
  return Number(read(CLOCK_MONOTONIC)) / 1e6
}

/** Milliseconds since the boot, those in which the machine slept included (clock_gettime(2), CLOCK_BOOTTIME). All processes read the same. */
export function bootClock(): number {
  return Number(read(CLOCK_BOOTTIME)) / 1e6
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

/** Waits until a descriptor is readable; false when the time (milliseconds) is over first. */
export function waitReadable(fd: Fd, milliseconds: number): boolean {
  return readableOf([fd], milliseconds).length > 0
}

/** Waits until descriptors are readable or at their end, and returns these; none when the time (milliseconds) is over first (ppoll(2)). */
export function readableOf(fds: readonly Fd[], milliseconds: number): Fd[] {
  const pollfds = Buffer.alloc(8 * fds.length)
  for (const [index, fd] of fds.entries()) {
    pollfds.writeInt32LE(fd, 8 * index)
    pollfds.writeInt16LE(POLLIN, 8 * index + 4)
  }
  if (syscall('ppoll', pollfds, fds.length, toTimespec(milliseconds), 0, 8) <= 0) return []
  return fds.filter((_, index) => pollfds.readInt16LE(8 * index + 6) !== 0)
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
