/** IPv6 on the links of an attachment, where the kernel has it, and where host or container have it off for new links. */

import { CniError, Code } from '../error/error.ts'
import { parseCidr } from '../ip/subnet.ts'
import { tolerate } from '../kernel/errno.ts'
import { Open, withFile } from '../kernel/files.ts'
import { stat } from '../kernel/stat.ts'
import { readSysctl } from '../kernel/sysctl.ts'
import { requireSysctl } from './sysctl.ts'

/** Switches IPv6 on for links. Call it in their namespace. @throws CniError that names the remedy */
export function enableIPv6(...names: string[]): void {
  if (!hasIPv6()) throw noIPv6(Code.InvalidNetworkConfig)
  for (const name of names) requireSysctl('0', 'ipv6', 'conf', name, 'disable_ipv6')
}

/** For STATUS. @param ipam the section of any IPAM plugin @throws CniError of code 50 when it names IPv6, which the kernel lacks */
export function requireIPv6(ipam: unknown): void {
  if (namesIPv6(ipam) && !hasIPv6()) throw noIPv6(Code.PluginNotAvailable)
}

/** For STATUS of plugins with IPv6 on a link of the host. @param name of the link, if it exists @throws CniError of code 50 when it is off for good */
export function requireHostIPv6(ipam: unknown, name = 'default'): void {
  if (!namesIPv6(ipam)) return
  const value =
    readSysctl('ipv6', 'conf', name, 'disable_ipv6') ?? readSysctl('ipv6', 'conf', 'default', 'disable_ipv6')
  if (value !== '1' || isWritable('/proc/sys/net/ipv6/conf/default/disable_ipv6')) return
  throw new CniError(Code.PluginNotAvailable, {
    msg: 'IPv6 is off on this host, and /proc/sys cannot be written: no link can have the IPv6 gateway',
    hint: 'mount /proc/sys writable for the plugin, or switch IPv6 on: sysctl -w net.ipv6.conf.default.disable_ipv6=0',
    see: 'sysctl net.ipv6.conf.default.disable_ipv6; findmnt -T /proc/sys',
  })
}

function hasIPv6(): boolean {
  return stat('/proc/sys/net/ipv6') !== undefined
}

function noIPv6(code: number): CniError {
  return new CniError(code, {
    msg: 'ipam has an IPv6 range, and this kernel has no IPv6: take the range out',
    hint: 'or boot without ipv6.disable=1, with a kernel that has IPv6',
    see: 'ls /proc/sys/net; cat /proc/cmdline',
  })
}

function isWritable(path: string): boolean {
  return (
    tolerate(() => withFile(path, Open.WRONLY, () => true), 'EROFS', 'EACCES', 'EPERM', 'ENOENT') ?? false
  )
}

/** Whether a subnet or an address of a section is one of IPv6. */
function namesIPv6(section: unknown): boolean {
  if (typeof section === 'string') return parseCidr(section)?.address.family === 6
  return typeof section === 'object' && section !== null && subnetsOf(section).some(namesIPv6)
}

/** The values of `subnet` and `address`, and what may hold further ones. Routes need no address. */
function subnetsOf(section: object): unknown[] {
  return Object.entries(section).flatMap(([key, value]) =>
    ['subnet', 'address'].includes(key) || (key !== 'routes' && typeof value === 'object') ? [value] : [],
  )
}
