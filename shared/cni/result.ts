/** A CNI result in its newest form (spec 1.1.0, section "ADD Success"); older forms are made from it on the way out. */

export interface Interface {
  name: string
  mac?: string
  mtu?: number
  /** The container's namespace path; absent for an interface of the host. */
  sandbox?: string
  socketPath?: string
  pciID?: string
}

export interface Ip {
  /** Index into `interfaces`; IPAM plugins leave it out. */
  interface?: number
  /** CIDR. */
  address: string
  gateway?: string
}

export interface Route {
  /** CIDR. */
  dst: string
  gw?: string
  mtu?: number
  advmss?: number
  priority?: number
  table?: number
  /** 0 global, 253 link, 254 host. */
  scope?: number
}

export interface Dns {
  nameservers?: string[]
  domain?: string
  search?: string[]
  options?: string[]
}

export interface Result {
  interfaces: Interface[]
  ips: Ip[]
  routes: Route[]
  dns: Dns
}

/** A result that says nothing yet. */
export function emptyResult(): Result {
  return { interfaces: [], ips: [], routes: [], dns: {} }
}
