/** Reads results of any published version: a prevResult, or a delegate's answer. */

import * as z from 'zod/mini'
import { complaintsOf, invalidConfig } from '../config/issues.ts'
import { canonical } from '../config/keys.ts'
import { take } from '../config/lenient.ts'
import {
  cidr,
  integer,
  ip,
  lazy,
  list,
  oneOf,
  open,
  optional,
  pattern,
  type Schema,
  string,
} from '../config/schema.ts'
import { below } from '../config/strict.ts'
import type { Log } from '../error/log.ts'
import { emptyResult, type Result } from './result.ts'
import { atLeast, type SpecVersion, versions } from './version.ts'

/** One or more bytes: InfiniBand devices have longer addresses than Ethernet. */
const hardwareAddress = /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2})*$/

const number = integer({ min: 0, max: 0xffffffff })

const dns = open({
  nameservers: optional(list(string)),
  domain: optional(string),
  search: optional(list(string)),
  options: optional(list(string)),
})

const route = open({
  dst: cidr,
  gw: optional(ip),
  mtu: optional(number),
  advmss: optional(number),
  priority: optional(number),
  table: optional(number),
  scope: optional(integer({ min: 0, max: 255 })),
})

/** A result since version 0.3.0. */
export const current = lazy(() =>
  open({
    cniVersion: optional(oneOf(...versions)),
    interfaces: optional(
      list(
        open({
          name: string,
          mac: optional(pattern('a hardware address', hardwareAddress)),
          mtu: optional(number),
          sandbox: optional(string),
          socketPath: optional(string),
          pciID: optional(string),
        }),
      ),
    ),
    ips: optional(list(open({ interface: optional(number), address: cidr, gateway: optional(ip) }))),
    routes: optional(list(route)),
    dns: optional(dns),
  }),
)

/** An older result. */
export const old = lazy(() => {
  const family = open({ ip: cidr, gateway: optional(ip), routes: optional(list(route)) })
  return open({
    cniVersion: optional(oneOf(...versions)),
    ip4: optional(family),
    ip6: optional(family),
    dns: optional(dns),
  })
})

type Current = z.output<typeof current>
type Old = z.output<typeof old>

/** The common form of both. */
type Lists = Pick<Current, 'interfaces' | 'ips' | 'routes' | 'dns'>

/**
 * Reads a result.
 * @param raw the value from JSON; undefined and `null` are an empty result
 * @param version the version of a result without cniVersion
 * @param name the result's name in errors
 * @throws CniError of code 7
 */
export function readResult(raw: unknown, version: SpecVersion, name = 'prevResult'): Result {
  const { schema, known, lists } = formOf(raw, version)
  const { data, error } = z.safeParse(schema, known)
  if (!error) return toResult(lists(data))
  throw invalidConfig(complaintsOf(below(name, error.issues), { [name]: known }))
}

/** Reads the valid parts of a result and logs a warning for each other part: for DEL. */
export function readResultLeniently(raw: unknown, version: SpecVersion, log: Log): Result {
  const { schema, known, lists } = formOf(raw, version)
  const data = take(schema, known, 'prevResult', log)
  return data === undefined ? emptyResult() : toResult(lists(data))
}

/** The form of a result: by its own cniVersion, or else by the configuration's. */
function formOf(raw: unknown, version: SpecVersion) {
  const stated = (raw as { cniVersion?: SpecVersion } | undefined | null)?.cniVersion
  const isCurrent = atLeast(stated && versions.includes(stated) ? stated : version, '0.3.0')
  const schema: Schema = isCurrent ? current : old
  const lists = (data: unknown): Lists => (isCurrent ? (data as Current) : flatten(data as Old))
  return { schema, known: canonical(schema, raw ?? {}), lists }
}

function toResult({ interfaces = [], ips = [], routes = [], dns = {} }: Lists): Result {
  return {
    interfaces: interfaces.map(({ name, mac, mtu, sandbox, socketPath, pciID }) =>
      defined({ name, mac, mtu, sandbox, socketPath, pciID }),
    ),
    ips: ips.map(({ interface: index, address, gateway }) => defined({ interface: index, address, gateway })),
    routes: routes.map(({ dst, gw, mtu, advmss, priority, table, scope }) =>
      defined({ dst, gw, mtu, advmss, priority, table, scope }),
    ),
    dns: nameServers(dns),
  }
}

/** Converts the old form, which has one object for each family, to lists. */
function flatten({ ip4, ip6, dns }: Old): Lists {
  const families = [ip4, ip6].filter((family) => family !== undefined)
  return {
    ips: families.map(({ ip: address, gateway }) => ({ address, gateway })),
    routes: families.flatMap(({ routes = [] }) => routes),
    dns,
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
