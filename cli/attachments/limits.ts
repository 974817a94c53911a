/** The limits of bandwidth, as the list or the runtime asked for them. */

import { isObject } from '../../shared/config/json.ts'
import type { Cached } from '../host/cache-entry.ts'
import { cachedChain } from '../host/chain.ts'

/** Bits per second, and bits. */
export interface Limit {
  direction: 'ingress' | 'egress'
  rate: number
  burst?: number
}

/** What the runtime asks for replaces what the list says. */
export function limitsOf(cached: Cached | undefined): Limit[] {
  const member = cached && cachedChain(cached).plugins.find(({ type }) => String(type).includes('bandwidth'))
  if (!cached || !member) return []
  const { bandwidth } = cached.capabilities
  const wish = isObject(bandwidth) ? bandwidth : member
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const [rate, burst] = [wish[`${direction}Rate`], wish[`${direction}Burst`]]
    if (typeof rate !== 'number' || rate <= 0) return []
    return { direction, rate, ...(typeof burst === 'number' && burst > 0 && { burst }) }
  })
}

const units = ['bit', 'kbit', 'Mbit', 'Gbit', 'Tbit'] as const

/** `10 Mbit/s`. @param rate bits per second */
export function formatRate(rate: number): string {
  const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(rate) / 3)))
  return `${Number((rate / 1000 ** at).toPrecision(3))} ${units[at]}/s`
}
