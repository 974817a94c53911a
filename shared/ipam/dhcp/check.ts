/** CHECK and STATUS: whether the attachment has its lease, and whether the next ADD can ask a server. */

import { CniError, Code, factsOf } from '../../error/error.ts'
import { bootClock } from '../../kernel/clock.ts'
import { isErrno } from '../../kernel/errno.ts'
import { stat } from '../../kernel/stat.ts'
import { requirePacketSockets } from '../../netlink/packet.ts'
import type { DhcpRequest } from './identity.ts'
import { type Entry, entryOf } from './journal.ts'
import { dhcpRuns, noRenewer } from './renewer.ts'

/** What the interface has is compared by its own plugin. @throws CniError of code 7 without a lease, or with one that has ended */
export function check(request: DhcpRequest): void {
  const entry = entryOf(request)
  if (!entry) throw lost(request, 'has no lease of a DHCP server')
  const ended = endOf(entry)
  if (ended) throw lost(request, `has a lease that has ended: that of ${ended}`)
  if ((entry.lease4 || entry.lease6) && !dhcpRuns()) request.log.warn(noRenewer)
}

function lost({ containerID, ifname }: DhcpRequest, what: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${ifname} of container ${containerID} ${what}: run DEL and ADD`,
    hint: 'start the container anew; patchbay dhcp keeps leases alive: systemctl status patchbay-dhcp',
  })
}

/** The addresses of a lease that has ended. */
function endOf({ lease4, lease6 }: Entry): string | undefined {
  if (lease4 && isOver(lease4)) return lease4.address
  return lease6 && isOver(lease6) ? lease6.addresses.join(', ') : undefined
}

function isOver({ since, expire }: { since: number; expire?: number }): boolean {
  return expire !== undefined && since + expire * 1000 < bootClock()
}

/** @throws CniError of code 50 where no packet socket can be opened, or without IPv6 that the configuration has */
export function status({ log, config: { ipam } }: DhcpRequest): void {
  if (ipam.ipv4 || ipam.arpProbe) requirePackets()
  if (ipam.ipv6 !== 'off') requireIPv6()
  if ((ipam.ipv4 || ipam.ipv6 !== 'slaac') && !dhcpRuns()) log.warn(noRenewer)
}

function requireIPv6(): void {
  if (stat('/proc/sys/net/ipv6')) return
  throw new CniError(Code.PluginNotAvailable, {
    msg: 'ipam.ipv6 asks for addresses of IPv6, and this kernel has no IPv6: set ipam.ipv6 to "off"',
    hint: 'or boot without ipv6.disable=1, with a kernel that has IPv6',
    see: 'ls /proc/sys/net; cat /proc/cmdline',
  })
}

function requirePackets(): void {
  try {
    requirePacketSockets()
  } catch (error) {
    if (!isErrno(error, 'EAFNOSUPPORT', 'EPERM')) throw error
    throw new CniError(Code.PluginNotAvailable, {
      ...factsOf(error),
      msg: `dhcp can open no packet socket (${error.errno}), so it cannot ask a server`,
      hint: 'it needs root with CAP_NET_RAW, and a kernel with CONFIG_PACKET',
    })
  }
}
