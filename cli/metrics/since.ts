/** Reads a time of a command line: `10m` ago, or ISO 8601. */

import { wallClock } from '../../shared/kernel/clock.ts'
import { misuse } from '../form/arguments.ts'

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** @returns ISO 8601 in UTC with milliseconds @throws CniError of misuse */
export function sinceOf(text: string): string {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const now = Number(wallClock() / 1_000_000n)
  const named = /^\d{4}-\d\d-\d\d(T|$)/.test(text) ? Date.parse(text) : Number.NaN
  const time = count === undefined ? named : now - Number(count) * (seconds[unit] ?? 0) * 1000
  if (!Number.isNaN(time) && Math.abs(time) <= 8.64e15) return new Date(time).toISOString()
  throw misuse(
    `--since ${JSON.stringify(text.slice(0, 50))}: no time`,
    'write 30s, 10m, 2h, 1d, or 2026-11-28T12:00:00Z',
  )
}
