/** A lease of IPv6 for ADD: asked for beside that of IPv4, kept from machines that have an address already. */

import type { Seen } from '../../../dhcp/exchange.ts'
import type { Lease6 } from '../../../dhcp/lease.ts'
import { addressesOf } from '../../../dhcp/v6/lease.ts'
import { decline, release } from '../../../dhcp/v6/leave.ts'
import { solicit } from '../../../dhcp/v6/solicit.ts'
import { bootClock, now } from '../../../kernel/clock.ts'
import { close } from '../../../kernel/files.ts'
import { inNamespace } from '../../../kernel/namespace.ts'
import { type Conflict, probeFrom } from '../../../netlink/address-probe.ts'
import { type Asking, ATTEMPTS, giving } from '../asking.ts'
import { client6Of } from '../client.ts'
import { allInUse, noLease } from '../failure.ts'
import type { Entry } from '../journal.ts'
import type { Place } from '../link.ts'
import { begin, finish, type Port, type Running } from '../port.ts'
import { udp6Port } from '../udp6-port.ts'
import { waitForLinkLocal } from './link-local.ts'

/** A SOLICIT that is under way. */
export interface Soliciting {
  port: Port
  running: Running<Lease6 | undefined>
  seen: Seen
}

/** Begins to ask. @throws CniError of code 11 without a link-local address */
export function beginSoliciting(place: Place, asking: Asking): Soliciting {
  waitForLinkLocal(place, asking.deadline - now())
  return again(
    inNamespace(place.namespace, () => udp6Port(place.link)),
    asking,
  )
}

function again(port: Port, { client, rapidCommit, deadline }: Asking): Soliciting {
  const seen: Seen = { sentences: [] }
  const how = { rapidCommit, milliseconds: deadline - now(), now }
  return { port, running: begin(port, solicit(client6Of({ client }), how, seen)), seen }
}

/** Ends it. What a server has given, and nothing has taken, it gets back. */
export function endSoliciting({ port, running }: Soliciting, { client }: Asking, isTaken: boolean): void {
  const given = running.ended && 'outcome' in running.ended ? running.ended.outcome : undefined
  try {
    if (given && !isTaken) port.send(release(client6Of({ client }), given))
  } catch {
    // The lease ends by itself; the error of ADD is the one to report.
  } finally {
    close(port.fd)
  }
}

/**
 * Waits for the lease, and enters it in what the entry has already.
 * @param keep what follows; when it fails, the lease is given back
 * @throws CniError of code 11 when no server gives an address, or only such as others have
 */
export function lease6<T>(
  place: Place,
  asking: Asking,
  soliciting: Soliciting,
  before: Entry,
  keep: (entry: Entry) => T,
): T {
  const { port } = soliciting
  for (let [attempt, one] = [1, soliciting]; ; attempt++, one = again(port, asking)) {
    const lease = leaseOf(one, place, asking)
    const entry = { ...before, lease6: { ...lease, since: port.sentAt ?? bootClock() } }
    // What is of IPv4 its own caller gives back.
    const own = { ...entry, lease4: undefined }
    const conflict = giving(own, place, asking, () => conflictOf(lease, place, asking))
    if (!conflict) return giving(own, place, asking, () => keep(entry))
    refuse(port, asking, lease, conflict)
    const { address, mac } = conflict
    if (attempt === ATTEMPTS) throw allInUse(address, mac, ATTEMPTS)
    asking.log.warn(
      `${address} is in use by ${mac}: it is declined, and the DHCPv6 server is asked for another`,
    )
  }
}

function leaseOf({ running, seen }: Soliciting, place: Place, { seconds }: Asking): Lease6 {
  const lease = finish(running)
  if (!lease) throw noLease(place, seen, seconds, 6)
  return lease
}

function conflictOf(
  lease: Lease6,
  { namespace, link, mac }: Place,
  { arpProbe }: Asking,
): Conflict | undefined {
  return arpProbe ? inNamespace(namespace, () => probeFrom(link, addressesOf(lease), mac)) : undefined
}

/** RFC 8415 section 18.2.8: the address that is in use is declined. The others go back: the next lease is a whole one. */
function refuse(port: Port, { client }: Asking, { server, addresses }: Lease6, { address }: Conflict): void {
  const others = addresses.filter((one) => one !== address)
  port.send(decline(client6Of({ client }), { server, addresses: [address] }))
  if (others.length > 0) port.send(release(client6Of({ client }), { server, addresses: others }))
}
