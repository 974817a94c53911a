/** What the result in a cache's entry says of an attachment. Read leniently: a cache may have anything, and a host a thousand entries. */

import { isObject } from '../../shared/config/json.ts'
import { formatCidr, parseCidr } from '../../shared/ip/subnet.ts'
import type { Cached } from './cache-entry.ts'

/** An interface of a result. */
export interface ResultInterface {
  name: string
  mac?: string
  /** Whether it is in the container. */
  isInside: boolean
}

export interface ResultFacts {
  interfaces: ResultInterface[]
  /** Addresses in canonical form, each with its prefix length. */
  addresses: string[]
  /** Destination and gateway: `0.0.0.0/0 via 10.1.0.1`. */
  routes: string[]
  /** The gateways of the addresses. */
  gateways: string[]
}

/** The facts of an entry; an interface, address or route that is none is left out. Results before 0.3.0 have `ip4` and `ip6`. */
export function resultFacts({ result = {} }: Pick<Cached, 'result'>): ResultFacts {
  const old = [result.ip4, result.ip6].filter(isObject)
  const ips: Record<string, unknown>[] = [
    ...objectsIn(result.ips),
    ...old.map((one) => ({ ...one, address: one.ip })),
  ]
  const routes = [...objectsIn(result.routes), ...old.flatMap(({ routes }) => objectsIn(routes))]
  return {
    interfaces: objectsIn(result.interfaces).flatMap(({ name, mac, sandbox }) =>
      typeof name === 'string' ? { name, mac: textOf(mac), isInside: Boolean(sandbox) } : [],
    ),
    addresses: unique(ips.flatMap(({ address }) => canonical(address) ?? [])),
    routes: routes.flatMap(({ dst, gw }) => {
      const to = canonical(dst)
      return to === undefined ? [] : `${to}${textOf(gw) ? ` via ${textOf(gw)}` : ''}`
    }),
    gateways: unique(ips.flatMap(({ gateway }) => textOf(gateway) ?? [])),
  }
}

/** The objects in a list. */
export function objectsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function canonical(value: unknown): string | undefined {
  const cidr = typeof value === 'string' && value.length < 64 ? parseCidr(value) : undefined
  return cidr && formatCidr(cidr)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length < 64 ? value : undefined
}

const unique = (texts: readonly string[]) => [...new Set(texts)]
