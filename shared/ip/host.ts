/** Addresses that an interface cannot have. */

import type { Address } from './address.ts'
import { type Cidr, lastOf, networkOf } from './subnet.ts'

/** Whether an address is multicast: 224.0.0.0/4 (RFC 5771), ff00::/8 (RFC 4291 section 2.7). */
export function isMulticast({ family, value }: Address): boolean {
  return family === 4 ? value >> 28n === 0xen : value >> 120n === 0xffn
}

/** 127.0.0.0/8 (RFC 1122 section 3.2.1.3), ::1 (RFC 4291 section 2.5.3). */
function isLoopback({ family, value }: Address): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n
}

/** Why an interface cannot have an address, as a noun phrase; undefined when it can. A /31 has no network or broadcast address (RFC 3021). */
export function whyUnusable(cidr: Cidr): string | undefined {
  const { address, prefix } = cidr
  if (address.value === 0n) return 'the unspecified address'
  if (isLoopback(address)) return 'a loopback address'
  if (isMulticast(address)) return 'a multicast address'
  if (address.family === 6) return undefined
  if (address.value === 0xffffffffn) return 'the broadcast address'
  if (prefix > 30) return undefined
  if (address.value === networkOf(cidr).value) return 'the network address of its subnet'
  return address.value === lastOf(cidr).value ? 'the broadcast address of its subnet' : undefined
}
