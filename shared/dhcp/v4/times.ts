/** The times of a lease: options 51, 58 and 59 (RFC 2131 section 4.4.5). */

import type { Times } from '../lease.ts'
import { type Reader, read } from './reader.ts'
import { numberOf } from './values.ts'

const INFINITE = 0xffffffff
/** As the reference plugin. */
const unless = 3600

/** Undefined for a lease of 0 seconds. T1 and T2 that are not in their order are replaced by the usual parts. */
export function timesOf(reader: Reader): Times | undefined {
  const expire = read(reader, 'dhcp-lease-time', numberOf) ?? unless
  if (expire === INFINITE) return {}
  if (expire === 0) return undefined
  const usual = { renew: expire / 2, rebind: (expire * 7) / 8 }
  const renew = read(reader, 'dhcp-renewal-time', numberOf) ?? usual.renew
  const rebind = read(reader, 'dhcp-rebinding-time', numberOf) ?? Math.max(usual.rebind, (renew + expire) / 2)
  return 0 < renew && renew < rebind && rebind < expire ? { renew, rebind, expire } : { ...usual, expire }
}
