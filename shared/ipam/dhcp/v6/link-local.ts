/** The link-local address, from which servers and routers are asked. */

import { CniError, Code } from '../../../error/error.ts'
import { formatAddress } from '../../../ip/address.ts'
import { inNamespace } from '../../../kernel/namespace.ts'
import { type LinkAddress, listAddresses } from '../../../netlink/address.ts'
import { commandIn } from '../../../netlink/command.ts'
import { Group, waitFor } from '../../../netlink/events.ts'
import type { Place } from '../link.ts'

/** RT_SCOPE_LINK, include/uapi/linux/rtnetlink.h. */
const LINK = 253

/** Waits until the interface has one that can be used. @throws CniError of code 11 when the time (milliseconds) is over, or when another machine has it */
export function waitForLinkLocal(place: Place, milliseconds: number): void {
  const { inside, link, namespace } = place
  const look = () => {
    const own = listAddresses(inside, link).filter(
      ({ address, scope }) => address.family === 6 && scope === LINK,
    )
    const duplicate = own.find(({ dadFailed }) => dadFailed)
    if (duplicate) throw unusable(place, `${formatAddress(duplicate.address)}, which another machine has`)
    return own.find(({ tentative }: LinkAddress) => !tentative)
  }
  const found = inNamespace(namespace, () => waitFor(Group.IPV6_IFADDR, milliseconds, look))
  if (!found) throw unusable(place, `none after ${Math.ceil(milliseconds / 1000)} s`)
}

function unusable({ link, inside }: Place, what: string): CniError {
  return new CniError(Code.TryAgainLater, {
    msg: `${link.name} has no link-local address by which DHCPv6 could be asked: ${what}`,
    hint: 'look for a machine with the same MAC address, and at the sysctls addr_gen_mode and disable_ipv6 of the interface',
    see: commandIn(inside, `ip -6 address show dev ${link.name}`),
  })
}
