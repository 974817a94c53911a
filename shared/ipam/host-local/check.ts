/** CHECK: the addresses that ADD gave are still reserved for the container. */

import { CniError, Code } from '../../error/error.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { rangeAround, rangeOf } from '../range.ts'
import { rangeSets } from './config.ts'
import { isHeldBy, type Reservation, reservationOf, reservations } from './records.ts'
import type { HostLocalRequest } from './request.ts'

/**
 * The addresses of prevResult that lie in our ranges must be reserved for the attachment; when there are none, it must
 * hold at least one address. No lock is needed: an attachment's records change only in its own ADD and DEL.
 * @throws CniError
 */
export function checkReservations(directory: string, request: HostLocalRequest): void {
  const given = givenAddresses(request)
  for (const address of given) requireHeld(directory, address, request)
  if (given.length === 0 && !reservations(directory).some((one) => isHeldBy(one, request)))
    throw lost(request, `no file in ${directory} names the container`)
}

function givenAddresses({ config, prevResult }: HostLocalRequest): Address[] {
  const sets = rangeSets(config)
  const addresses = (prevResult?.ips ?? []).flatMap(({ address }) => parseCidr(address)?.address ?? [])
  const find = config.ipam.allowOutsideRange ? rangeAround : rangeOf
  return addresses.filter((address) => sets.some((set) => find(set, address)))
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
    hint: 'another container may get the address: run DEL and ADD for this container again',
  })
}
