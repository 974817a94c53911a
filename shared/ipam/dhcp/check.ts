/** CHECK and STATUS: whether the attachment has its lease, and whether the next ADD can ask a server. */

import { CniError, Code, factsOf } from '../../error/error.ts'
import { bootClock } from '../../kernel/clock.ts'
import { isErrno } from '../../kernel/errno.ts'
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
  if (!dhcpRuns()) request.log.warn(noRenewer)
}

function lost({ containerID, ifname }: DhcpRequest, what: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${ifname} of container ${containerID} ${what}: run DEL and ADD`,
    hint: 'start the container anew; patchbay dhcp keeps leases alive: systemctl status patchbay-dhcp',
  })
}

/** The address of a lease that has ended. */
function endOf({ lease4 }: Entry): string | undefined {
  if (lease4?.expire === undefined) return undefined
  return lease4.since + lease4.expire * 1000 < bootClock() ? lease4.address : undefined
}

/** @throws CniError of code 50 where no packet socket can be opened */
export function status({ log }: DhcpRequest): void {
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
  if (!dhcpRuns()) log.warn(noRenewer)
}
