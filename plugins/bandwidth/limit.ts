/** From what is asked for to what a shaper gets: bytes, a burst that fits, and how much may wait. */

import type { Bucket } from '../../shared/netlink/tbf.ts'
import type { Wish } from './rules.ts'

/** A bucket, and the bytes that wait at most, those of the burst included. */
export interface Limit extends Bucket {
  limit: number
}

/** What containerd and CRI-O send for the burst of a Kubernetes pod, which has an annotation for the rate only: MaxUint32 bits, MaxUint32 bytes less one. */
const noWish: readonly number[] = [2 ** 32 - 1, (2 ** 32 - 1) * 8 - 1]

/** So many seconds of the rate pass at once, and at least so many packets of Ethernet's usual size. */
const [SECONDS, PACKETS, USUAL_FRAME] = [0.01, 10, 1514]
/** Bytes of a frame besides the MTU: an Ethernet header with a VLAN tag. */
const HEADERS = 18
const MOST_32 = 2 ** 32 - 1

/**
 * The limit of a shaper.
 * @param latency how long a packet waits at most, milliseconds
 * @param mtu of the link: a burst that holds no two of its frames would stop all traffic
 */
export function limitOf({ rate, burst }: Wish, latency: number, mtu: number): Limit {
  const [bytes, least] = [Math.floor(rate / 8), 2 * (mtu + HEADERS)]
  const wanted = noWish.includes(burst) ? 0 : Math.floor(burst / 8)
  return limited(bytes, wanted < least ? Math.max(usualBurst(bytes), least) : wanted, latency)
}

/** Whether a burst that was asked for is too small for the link. */
export function isTooSmall({ burst }: Wish, mtu: number): boolean {
  return burst > 0 && burst / 8 < 2 * (mtu + HEADERS)
}

function usualBurst(rate: number): number {
  return Math.min(Math.max(Math.floor(rate * SECONDS), PACKETS * USUAL_FRAME), MOST_32)
}

/** The reference's latency, which is fixed, milliseconds. */
const REFERENCE_LATENCY = 25

/** The limit as the reference makes it, if it can have this latency: the burst as it was asked for, and sums of 32 bits. */
export function literalLimits({ rate, burst }: Wish, latency: number): Limit[] {
  if (latency !== REFERENCE_LATENCY) return []
  const bytes = Math.floor(rate / 8)
  const most = Math.floor(burst / 8)
  return [{ rate: bytes, burst: most, limit: (queued(bytes, latency) + most) % 2 ** 32 }]
}

function limited(rate: number, burst: number, latency: number): Limit {
  return { rate, burst, limit: Math.min(queued(rate, latency) + burst, MOST_32) }
}

/** The bytes that pass in some milliseconds. */
function queued(rate: number, latency: number): number {
  return Math.floor((rate * latency) / 1000)
}
