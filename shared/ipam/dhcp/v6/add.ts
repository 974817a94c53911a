/** The IPv6 part of ADD: DHCPv6 is asked beside DHCP, and when both have answered, the router is waited for. */

import type { Asking } from '../asking.ts'
import type { Entry } from '../journal.ts'
import type { Place } from '../link.ts'
import type { Running } from '../port.ts'
import { resultOf } from '../result.ts'
import { beginSoliciting, endSoliciting, lease6, type Soliciting } from './lease6.ts'
import type { Listening } from './listening.ts'
import { routed } from './router.ts'

/** Takes an entry with what is of IPv4, and a function that keeps the complete entry. */
type Rest<T> = (entry: Entry, keep: (entry: Entry) => T) => T

/**
 * Asks for IPv6 while an action asks for IPv4.
 * @param action is given the exchange that is to go on beside its own, and what follows it
 * @throws CniError of code 11 or 7 without addresses; leases of IPv6 are given back then
 */
export function withIpv6<T>(
  place: Place,
  asking: Asking,
  listening: Listening,
  action: (beside: Running<unknown> | undefined, rest: Rest<T>) => T,
): T {
  const routers = (entry: Entry, keep: (entry: Entry) => T) =>
    keep(withRouters(entry, place, listening, asking))
  if (!listening.dhcp6) return action(undefined, routers)
  return soliciting(place, asking, (one, take) =>
    action(one.running, (entry, keep) => {
      take()
      return lease6(place, asking, one, entry, (leased) => routers(leased, keep))
    }),
  )
}

function soliciting<T>(place: Place, asking: Asking, action: (one: Soliciting, take: () => void) => T): T {
  const one = beginSoliciting(place, asking)
  let isTaken = false
  try {
    return action(one, () => {
      isTaken = true
    })
  } finally {
    endSoliciting(one, asking, isTaken)
  }
}

function withRouters(entry: Entry, place: Place, listening: Listening, asking: Asking): Entry {
  const { ipv6, automatic } = routed(place, listening, asking)
  const whole = { ...entry, ipv6 }
  const result = resultOf(whole, automatic)
  return { ...whole, given: result, now: result }
}
