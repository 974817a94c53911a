/** A CNI result in its newest form (spec 1.1.0, section "ADD Success"). convert.ts makes older forms from it. */

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
  /** Index into `interfaces`; absent in results of IPAM plugins. */
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

/** A result without any entry. */
export function emptyResult(): Result {
  return { interfaces: [], ips: [], routes: [], dns: {} }
}
