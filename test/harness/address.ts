/** Addresses: without their prefix lengths, as traffic needs them, and as values. */

import { type Cidr, parseCidr } from '../../shared/ip/subnet.ts'

/** The address of a CIDR: `10.1.0.2` of `10.1.0.2/24`. */
export function bare(cidr = ''): string {
  return cidr.replace(/\/.*/, '')
}

/** The addresses of a result; without IPAM it has none. */
export function addressesOf(ips: readonly { address: string }[] = []): string[] {
  return ips.map(({ address }) => bare(address))
}

/** `10.1.0.2/24` as a value. @throws for a text that is none */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  if (!parsed) throw new Error(`${text} is no address with a prefix length`)
  return parsed
}
