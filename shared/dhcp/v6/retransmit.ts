/** How long a client waits before it sends again (RFC 8415 section 15). */

import type { Client6 } from './client.ts'

/** First and longest wait, milliseconds (RFC 8415 section 7.6: SOL_TIMEOUT and SOL_MAX_RT, and so on). */
export const waits = {
  solicit: { first: 1000, longest: 3_600_000 },
  request: { first: 1000, longest: 30_000 },
  information: { first: 1000, longest: 3_600_000 },
} as const

/** The wait after another: twice as long, with a random tenth more or less, so that clients do not send in step. Milliseconds. */
export function nextWait(
  { random }: Client6,
  { first, longest }: { first: number; longest: number },
  previous?: number,
): number {
  // The first is not shorter than its base, which is the time that servers have for their offers (section 18.2.1).
  if (previous === undefined) return first * (1 + 0.1 * random())
  const wait = previous * (1.9 + 0.2 * random())
  return wait > longest ? longest * (0.9 + 0.2 * random()) : wait
}
