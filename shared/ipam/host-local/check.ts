/** CHECK: the container still has the addresses that it was given. */

import { CniError, Code } from '../../cni/error.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { rangeOf } from '../range.ts'
import { rangeSets } from './config.ts'
import { isHeldBy, type Reservation, reservationOf, reservations } from './records.ts'
import type { HostLocalRequest } from './request.ts'

/**
 * The addresses of prevResult that are from our ranges must be the attachment's; without any, it must hold one. The lock
 * is not needed: a record that is ours does not change.
 */
export function checkReservations(directory: string, request: HostLocalRequest): void {
  const given = givenAddresses(request)
  for (const address of given) requireHeld(directory, address, request)
  if (given.length === 0 && !reservations(directory).some((one) => isHeldBy(one, request)))
    throw lost(request, `no file in ${directory} names it`)
}

function givenAddresses({ config, prevResult }: HostLocalRequest): Address[] {
  const sets = rangeSets(config)
  const addresses = (prevResult?.ips ?? []).flatMap(({ address }) => parseCidr(address)?.address ?? [])
  return addresses.filter((address) => sets.some((set) => rangeOf(set, address)))
}

function requireHeld(directory: string, address: Address, request: HostLocalRequest): void {
  const reservation = reservationOf(directory, address)
  if (reservation && isHeldBy(reservation, request)) return
  throw lost(request, `${formatAddress(address)} is ${holderOf(reservation)}`)
}

function holderOf(reservation: Reservation | undefined): string {
  if (!reservation) return 'not reserved'
  return `reserved for container ${reservation.containerID}, interface ${reservation.ifname ?? 'unknown'}`
}

function lost({ containerID, ifname }: HostLocalRequest, details: string): CniError {
  return new CniError(Code.Internal, {
    msg: `host-local: Failed to find address added by container ${containerID}`,
    details: `interface ${ifname}: ${details}`,
    hint: 'the address may be given to another container: delete and add this one again',
  })
}
