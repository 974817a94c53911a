/** An address with a prefix length, as in `10.1.2.3/24`: an interface's address and its subnet. */

import { type Address, formatAddress, parseAddress, sameAddress, width } from './address.ts'

export interface Cidr {
  address: Address
  prefix: number
}

/** IPv6's link-local addresses, fe80::/10 (RFC 4291 section 2.5.6). */
export const linkLocal: Cidr = { address: { family: 6, value: 0xfe80n << 112n }, prefix: 10 }

/** Reads `address/prefix`; undefined for other text. */
export function parseCidr(text: string): Cidr | undefined {
  const [host = '', length = '', ...rest] = text.split('/')
  const address = parseAddress(host)
  if (!address || rest.length > 0 || !/^\d{1,3}$/.test(length)) return undefined
  const prefix = Number(length)
  return prefix <= width(address.family) ? { address, prefix } : undefined
}

export function formatCidr({ address, prefix }: Cidr): string {
  return `${formatAddress(address)}/${prefix}`
}

/** The bits of the host part, all set. */
function hostMask({ address, prefix }: Cidr): bigint {
  return (1n << BigInt(width(address.family) - prefix)) - 1n
}

/** The first address of the subnet: all host bits 0. */
export function networkOf(cidr: Cidr): Address {
  return { family: cidr.address.family, value: cidr.address.value & ~hostMask(cidr) }
}

/** The last address of the subnet: all host bits 1; IPv4's broadcast address. */
export function lastOf(cidr: Cidr): Address {
  return { family: cidr.address.family, value: cidr.address.value | hostMask(cidr) }
}

/** The subnet itself: the address with its host bits cleared. */
export function subnetOf(cidr: Cidr): Cidr {
  return { address: networkOf(cidr), prefix: cidr.prefix }
}

/** Whether two are equal, host part included. */
export function sameCidr(one: Cidr, other: Cidr): boolean {
  return one.prefix === other.prefix && sameAddress(one.address, other.address)
}

/** The items without those whose subnet an earlier one has. */
export function distinct<T>(items: readonly T[], cidrOf: (item: T) => Cidr): T[] {
  const seen = new Set<string>()
  return items.filter((item) => {
    const text = formatCidr(cidrOf(item))
    const isNew = !seen.has(text)
    seen.add(text)
    return isNew
  })
}

export function contains(subnet: Cidr, address: Address): boolean {
  return (
    address.family === subnet.address.family &&
    networkOf({ address, prefix: subnet.prefix }).value === networkOf(subnet).value
  )
}

/** The address `offset` after another. */
export function plus(address: Address, offset: bigint): Address {
  return { family: address.family, value: address.value + offset }
}
