/** What a server gives, in the forms of a CNI result: kept as JSON in the journal. */

/** A route; without a next hop the destination is on the link. */
export interface LeaseRoute {
  dst: string
  gw?: string
}

export interface LeaseDns {
  nameservers?: string[]
  domain?: string
  search?: string[]
}

/** Lengths of time from the moment at which the request was sent, seconds (RFC 2131 section 4.4.5, RFC 8415 section 14.2). */
export interface Times {
  /** T1: the server is asked to extend the lease. Undefined: it has no end. */
  renew?: number
  /** T2: any server is asked. */
  rebind?: number
  /** The addresses may not be used any more. */
  expire?: number
}

/** A lease of IPv4. */
export interface Lease4 extends Times {
  /** CIDR. */
  address: string
  /** The server's identifier, its address (option 54). */
  server: string
  gateway?: string
  routes: LeaseRoute[]
  dns: LeaseDns
  mtu?: number
}

/** Addresses of IPv6 by DHCPv6. */
export interface Lease6 extends Times {
  /** The server's DUID, hexadecimal. */
  server: string
  /** Without prefix lengths: an address of DHCPv6 says nothing of its subnet (RFC 8415 section 18.2.10.1). */
  addresses: string[]
  dns: LeaseDns
}
