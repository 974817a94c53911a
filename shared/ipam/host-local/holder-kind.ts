/** What holds an address. A container's ID has no colon: with one, no container has the address, and it is not free either. */

import type { Reservation } from './records.ts'
import { isParked } from './sticky.ts'

const lent = 'pool:'

/** The holder of an address that a host lends to another one, which asked for it (docs/pool.md). Its agent alone frees it. */
export function lentTo(host: string): string {
  return lent + host
}

/** The host to which an address is lent; undefined for all others. */
export function borrowerOf({ containerID }: Reservation): string | undefined {
  return containerID.startsWith(lent) ? containerID.slice(lent.length) : undefined
}

/** Whether a container holds an address: it is neither kept for a later container nor lent to another host. */
export function isOfContainer(reservation: Reservation): boolean {
  return !isParked(reservation) && borrowerOf(reservation) === undefined
}
