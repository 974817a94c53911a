/** Results on the way in: a prevResult, or what a delegate answered, in any version that was ever published. */

import * as z from 'zod/mini'
import { complaintsOf, invalidConfig } from './issues.ts'
import { canonical } from './keys.ts'
import { take } from './lenient.ts'
import type { Log } from './log.ts'
import { emptyResult, type Result } from './result.ts'
import { cidr, integer, ip, list, oneOf, open, optional, pattern, string } from './schema.ts'
import { below } from './strict.ts'
import { atLeast, type SpecVersion, versions } from './version.ts'

const index = integer({ min: 0, max: 65535 })
const number = integer({ min: 0, max: 0xffffffff })
/** Devices such as InfiniBand have longer ones than Ethernet. */
const hardwareAddress = pattern('a hardware address', /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2})*$/)

const dns = () =>
  open({
    nameservers: optional(list(string)),
    domain: optional(string),
    search: optional(list(string)),
    options: optional(list(string)),
  })

const route = () =>
  open({
    dst: cidr,
    gw: optional(ip),
    mtu: optional(number),
    advmss: optional(number),
    priority: optional(number),
    table: optional(number),
    scope: optional(integer({ min: 0, max: 255 })),
  })

const current = () =>
  open({
    cniVersion: optional(oneOf(...versions)),
    interfaces: optional(
      list(
        open({
          name: string,
          mac: optional(hardwareAddress),
          mtu: optional(number),
          sandbox: optional(string),
          socketPath: optional(string),
          pciID: optional(string),
        }),
      ),
    ),
    ips: optional(list(open({ interface: optional(index), address: cidr, gateway: optional(ip) }))),
    routes: optional(list(route())),
    dns: optional(dns()),
  })

const old = () => {
  const family = open({ ip: cidr, gateway: optional(ip), routes: optional(list(route())) })
  return open({
    cniVersion: optional(oneOf(...versions)),
    ip4: optional(family),
    ip6: optional(family),
    dns: optional(dns()),
  })
}

type Current = z.output<ReturnType<typeof current>>
type Old = z.output<ReturnType<typeof old>>

/**
 * Reads a result.
 * @param raw what was in JSON; absent and `null` are an empty result
 * @param version the version it is in when it does not say so itself
 * @param name what it is called in errors
 * @throws CniError of code 7
 */
export function readResult(raw: unknown, version: SpecVersion, name = 'prevResult'): Result {
  const schema = schemaFor(raw, version)
  const known = canonical(schema, raw ?? {})
  const { data, error } = z.safeParse(schema, known)
  if (!error) return toResult(data)
  throw invalidConfig(complaintsOf(below(name, error.issues), { [name]: known }))
}

/** Reads what can be understood of a result and warns of the rest: for DEL. */
export function readResultLeniently(raw: unknown, version: SpecVersion, log: Log): Result {
  const schema = schemaFor(raw, version)
  const data = take(schema, canonical(schema, raw ?? {}), 'prevResult', log)
  return data === undefined ? emptyResult() : toResult(data as Current | Old)
}

/** By the version that the result states, or else by that of the configuration. */
function schemaFor(raw: unknown, version: SpecVersion) {
  const stated = (raw as { cniVersion?: SpecVersion } | undefined | null)?.cniVersion
  const own = stated && versions.includes(stated) ? stated : version
  return atLeast(own, '0.3.0') ? current() : old()
}

function toResult(data: Current | Old): Result {
  const {
    interfaces = [],
    ips = [],
    routes = [],
  } = 'ip4' in data || 'ip6' in data ? lists(data as Old) : (data as Current)
  return {
    interfaces: interfaces.map(({ name, mac, mtu, sandbox, socketPath, pciID }) =>
      defined({ name, mac, mtu, sandbox, socketPath, pciID }),
    ),
    ips: ips.map(({ interface: at, address, gateway }) => defined({ interface: at, address, gateway })),
    routes: routes.map(({ dst, gw, mtu, advmss, priority, table, scope }) =>
      defined({ dst, gw, mtu, advmss, priority, table, scope }),
    ),
    dns: nameServers(data.dns),
  }
}

/** The old form's families as lists. */
function lists({ ip4, ip6 }: Old): Pick<Current, 'interfaces' | 'ips' | 'routes'> {
  const families = [ip4, ip6].filter((family) => family !== undefined)
  return {
    ips: families.map(({ ip: address, gateway }) => ({ address, gateway })),
    routes: families.flatMap(({ routes = [] }) => routes),
  }
}

function nameServers({
  nameservers,
  domain,
  search,
  options,
}: NonNullable<Current['dns']> = {}): Result['dns'] {
  return defined({ nameservers, domain, search, options })
}

/** An object without the keys that have no value. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T
}
