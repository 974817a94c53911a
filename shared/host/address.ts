/** The host's address that containers on one of its NICs reach it by. */

import type { Log } from '../error/log.ts'
import { type Address, families } from '../ip/address.ts'
import { defaultLink } from '../link/parent.ts'
import { listAddresses } from '../netlink/address.ts'
import type { LinkName } from '../netlink/link.ts'
import type { Socket } from '../netlink/socket.ts'

/**
 * The host's address of each family that containers have: the parent's, else that of the interface of the default route.
 * A family without an address is left out, with a warning.
 */
export function hostAddresses(host: Socket, parent: LinkName, containers: Address[], log: Log): Address[] {
  const wanted = families.filter((family) => containers.some((address) => address.family === family))
  return wanted.flatMap((family) => {
    const address = addressOn(host, parent, family) ?? addressOn(host, defaultLink(host, family), family)
    if (!address) log.warn(`hostAccess: the host has no IPv${family} address that containers could reach`)
    return address ?? []
  })
}

/** A link's first global address; a permanent one before one with a lifetime (DHCP, router advertisement). */
function addressOn(host: Socket, link: LinkName | undefined, family: 4 | 6): Address | undefined {
  if (!link) return undefined
  const usable = listAddresses(host, link).filter(
    ({ address, scope, dadFailed }) => address.family === family && scope === 0 && !dadFailed,
  )
  return (usable.find(({ permanent }) => permanent) ?? usable[0])?.address
}
