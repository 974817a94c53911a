/** Times and ages in answers: ISO 8601 and seconds as data, one number with a unit for people. */

import { wallClock } from '../../shared/kernel/clock.ts'

/** Seconds since a time, nanoseconds since the epoch; 0 when the clock was set back. */
export function ageOf(time: bigint): number {
  return Math.max(0, Math.floor(Number(wallClock() - time) / 1e9))
}

/** A time, nanoseconds since the epoch, as ISO 8601 in UTC. */
export function isoTime(time: bigint): string {
  return new Date(Number(time / 1_000_000n)).toISOString()
}

/** `5s`, `3m`, `2h`, `4d`, as kubectl shows it. @param seconds undefined: the text is empty */
export function shortAge(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}
