/** Addresses without their prefix lengths, as traffic needs them. */

/** The address of a CIDR: `10.1.0.2` of `10.1.0.2/24`. */
export function bare(cidr = ''): string {
  return cidr.replace(/\/.*/, '')
}

/** The addresses of a result; without IPAM it has none. */
export function addressesOf(ips: readonly { address: string }[] = []): string[] {
  return ips.map(({ address }) => bare(address))
}
