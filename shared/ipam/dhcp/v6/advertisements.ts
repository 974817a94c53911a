/** The container's interface listens to router advertisements: the sysctls that the kernel needs for it. */

import { CniError, Code, factsOf } from '../../../error/error.ts'
import { isErrno } from '../../../kernel/errno.ts'
import { readSysctl, writeSysctl } from '../../../kernel/sysctl.ts'

export interface AdvertisementSettings {
  /** The kernel makes addresses from announced prefixes (SLAAC, RFC 4862). */
  autoconf: boolean
  /** Duplicate address detection: then the link-local address, by which routers and servers are asked, can be used a second later. */
  dad: boolean
}

/**
 * Sets them, in the namespace of the interface and before it is up: with the link-local address the kernel asks for an advertisement.
 * Equivalent to `sysctl -w net.ipv6.conf.IFNAME.…`.
 * @throws CniError when the kernel has no IPv6, or /proc/sys cannot be written
 */
export function prepareForAdvertisements(ifname: string, settings: AdvertisementSettings): void {
  if (readSysctl('ipv6', 'conf', ifname, 'disable_ipv6') === undefined) throw noIPv6(ifname)
  for (const [name, value] of valuesFor(ifname, settings)) write(ifname, name, value)
}

/** `disable_ipv6` is the last: it may make the link-local address. Documentation/networking/ip-sysctl.rst has them all. */
function valuesFor(
  ifname: string,
  { autoconf, dad }: AdvertisementSettings,
): [name: string, value: string][] {
  const forwards = readSysctl('ipv6', 'conf', ifname, 'forwarding') === '1'
  const hasNoLinkLocal = readSysctl('ipv6', 'conf', ifname, 'addr_gen_mode') === '1'
  return [
    // A router listens to others only with 2.
    ['accept_ra', forwards ? '2' : '1'],
    ['accept_ra_defrtr', '1'],
    // The subnet is on the link also when the kernel makes no address of it.
    ['accept_ra_pinfo', '1'],
    ['autoconf', autoconf ? '1' : '0'],
    ['use_tempaddr', '0'],
    ['router_solicitation_interval', '1'],
    ['router_solicitation_delay', '0'],
    ...(dad ? [] : [['accept_dad', '0'] as [string, string]]),
    ...(hasNoLinkLocal ? [['addr_gen_mode', '0'] as [string, string]] : []),
    ['disable_ipv6', '0'],
  ]
}

function write(ifname: string, name: string, value: string): void {
  try {
    writeSysctl(value, 'ipv6', 'conf', ifname, name)
  } catch (error) {
    if (!isErrno(error, 'EROFS', 'EACCES', 'EPERM')) throw error
    throw new CniError(Code.IoFailure, {
      msg: `cannot set net/ipv6/conf/${ifname}/${name} to ${value} (${error.errno}), which router advertisements need`,
      hint: `mount /proc/sys writable for the plugin, or set the value before: sysctl -w net/ipv6/conf/default/${name}=${value}`,
      ...factsOf(error),
      path: `/proc/sys/net/ipv6/conf/${ifname}/${name}`,
    })
  }
}

function noIPv6(ifname: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${ifname} cannot get addresses of IPv6: this kernel has no IPv6`,
    hint: 'take IPv6 out of ipam, or boot without ipv6.disable=1, with a kernel that has IPv6',
    see: 'ls /proc/sys/net; cat /proc/cmdline',
  })
}
