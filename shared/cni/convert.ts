/** Converts results from the newest version to the version of the configuration. */

import { CniError, Code } from '../error/error.ts'
import type { Interface, Ip, Result, Route } from './result.ts'
import { atLeast, type SpecVersion } from './version.ts'

/**
 * A result in the form of a version.
 * @throws CniError of code 1 for a result without addresses in 0.1.0 or 0.2.0, which cannot express that
 */
export function convert(result: Result, version: SpecVersion): object {
  if (atLeast(version, '1.0.0')) return newest(result, version)
  return atLeast(version, '0.3.0') ? middle(result, version) : oldest(result, version)
}

/** Refuses a result that a version cannot express. @throws CniError of code 1 as `convert` does */
export function requireExpressible({ ips }: Pick<Result, 'ips'>, version: SpecVersion): void {
  if (!atLeast(version, '0.3.0')) requireAddresses(ips, version)
}

function requireAddresses(ips: readonly Ip[], version: SpecVersion): void {
  if (ips.length > 0) return
  throw new CniError(Code.IncompatibleVersion, {
    msg: 'cannot convert: no valid IP addresses',
    hint: `version ${version} cannot express an attachment without addresses: set cniVersion to 0.3.0 or newer`,
  })
}

/** 1.0.0 and 1.1.0: empty lists are left out. */
function newest({ interfaces, ips, routes, dns }: Result, cniVersion: SpecVersion): object {
  return { cniVersion, ...filled({ interfaces, ips, routes }), ...(isEmpty(dns) ? {} : { dns }) }
}

/** 0.3.0 to 0.4.0: addresses have a `version`, interfaces fewer fields, and `dns` is always present. */
function middle({ interfaces, ips, routes, dns }: Result, cniVersion: SpecVersion): object {
  const tagged = ips.map((ip) => ({ version: isIPv6(ip.address) ? '6' : '4', ...ip }))
  return { cniVersion, ...filled({ interfaces: interfaces.map(plain), ips: tagged, routes }), dns }
}

/** 0.1.0 and 0.2.0: the first address of each family, and no interfaces. */
function oldest({ ips, routes, dns }: Result, cniVersion: SpecVersion): object {
  requireAddresses(ips, cniVersion)
  const ip4 = ips.find(({ address }) => !isIPv6(address))
  const ip6 = ips.find(({ address }) => isIPv6(address))
  return {
    cniVersion,
    ...(ip4 && { ip4: withRoutes(ip4, routes, false) }),
    ...(ip6 && { ip6: withRoutes(ip6, routes, true) }),
    dns,
  }
}

function withRoutes({ address, gateway }: Ip, routes: Route[], ipv6: boolean): object {
  const own = routes.filter(({ dst }) => isIPv6(dst) === ipv6).map(({ dst, gw }) => ({ dst, gw }))
  return { ip: address, gateway, ...filled({ routes: own }) }
}

function plain({ name, mac, sandbox }: Interface): Interface {
  return { name, mac, sandbox }
}

/** The lists that are not empty. */
function filled(lists: Record<string, object[]>): object {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
}

function isEmpty(dns: object): boolean {
  return Object.values(dns).every((value) => value === undefined || value.length === 0)
}

function isIPv6(address: string): boolean {
  return address.includes(':')
}

/** JSON as the reference prints it: indented by 4. */
export function print(answer: object): string {
  return `${JSON.stringify(answer, null, 4)}\n`
}
