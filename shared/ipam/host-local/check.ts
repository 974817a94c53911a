/** CHECK: the addresses that ADD gave are still reserved for the container. */

import { CniError, Code } from '../../error/error.ts'
import { type Address, formatAddress } from '../../ip/address.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { isHeldBy, type Reservation, reservationOf, reservations } from './records.ts'
import type { ReservingRequest } from './request.ts'

/**
 * The addresses of prevResult that are ours must be reserved for the attachment; when there are none, it must
 * hold at least one address. No lock is needed: an attachment's records change only in its own ADD and DEL.
 * @param isOurs whether an address is of this network's ranges: another IPAM plugin may have given others
 * @throws CniError
 */
export function checkReservations(
  directory: string,
  request: ReservingRequest,
  isOurs: (address: Address) => boolean,
): void {
  const given = givenAddresses(request).filter(isOurs)
  for (const address of given) requireHeld(directory, address, request)
  if (given.length === 0 && !reservations(directory).some((one) => isHeldBy(one, request)))
    throw lost(request, `no file in ${directory} names the container`)
}

/** The addresses that ADD gave, by all plugins. */
export function givenAddresses({ prevResult }: Pick<ReservingRequest, 'prevResult'>): Address[] {
  return (prevResult?.ips ?? []).flatMap(({ address }) => parseCidr(address)?.address ?? [])
}

function requireHeld(directory: string, address: Address, request: ReservingRequest): void {
  const reservation = reservationOf(directory, address)
  if (reservation && isHeldBy(reservation, request)) return
  throw lost(request, `${formatAddress(address)} is ${holderOf(reservation)}`)
}

function holderOf(reservation: Reservation | undefined): string {
  if (!reservation) return 'not reserved'
  return `reserved for container ${reservation.containerID}, interface ${reservation.ifname ?? 'unknown'}`
}

function lost({ containerID, ifname }: ReservingRequest, details: string): CniError {
  return new CniError(Code.Internal, {
    msg: `host-local: Failed to find address added by container ${containerID}`,
    details: `interface ${ifname}: ${details}`,
    hint: 'another container may get the address: run DEL and ADD for this container again',
  })
}
