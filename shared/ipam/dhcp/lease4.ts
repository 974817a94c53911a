/** A lease of IPv4 for ADD: asked for, kept from machines that have the address already, entered in the journal. */

import type { Seen } from '../../dhcp/exchange.ts'
import { acquire } from '../../dhcp/v4/acquire.ts'
import { decline } from '../../dhcp/v4/end.ts'
import { endsOf } from '../../dhcp/v4/extend.ts'
import { bootClock, now } from '../../kernel/clock.ts'
import { closeInBackground } from '../../kernel/helper.ts'
import { inNamespace } from '../../kernel/namespace.ts'
import { probeFrom } from '../../netlink/address-probe.ts'
import { claimFrame } from '../../netlink/claim-frames.ts'
import { sendFrame } from '../../netlink/packet.ts'
import { type Asker, type Asking, ATTEMPTS, askerOf, giving } from './asking.ts'
import { client4Of } from './client.ts'
import { allInUse, noLease } from './failure.ts'
import type { Entry } from './journal.ts'
import type { Place } from './link.ts'
import { packetPort } from './packet-port.ts'
import { type Port, type Running, run } from './port.ts'
import { resultOf } from './result.ts'

/**
 * Gets a lease, and tells the neighbours of it.
 * @param keep what follows; when it fails, the lease is given back
 * @param beside an exchange that goes on meanwhile
 * @throws CniError of code 11 when no server gives an address, or only such as others have
 */
export function lease4<T>(
  place: Place,
  asking: Asking,
  keep: (entry: Entry) => T,
  beside?: Running<unknown>,
): T {
  const asker = askerOf(place, asking)
  const port = inNamespace(place.namespace, () => packetPort(place.link, place.mac))
  try {
    for (let attempt = 1; ; attempt++) {
      const entry = ask(port, asker, place, asking, beside)
      const conflict = giving(entry, place, asking, () => conflictOf(entry, place, asking))
      if (!conflict) return giving(entry, place, asking, () => kept(port, entry, place, keep))
      refuse(port, entry)
      const { address, mac } = conflict
      if (attempt === ATTEMPTS) throw allInUse(address, mac, ATTEMPTS)
      asking.log.warn(
        `${address} is in use by ${mac}: it is declined, and the DHCP server is asked for another`,
      )
    }
  } finally {
    closeInBackground(port.fd, place.inside.fd) // the last close of a packet socket waits for 10 to 40 ms
  }
}

/** DISCOVER to ACK. @throws CniError of code 11 */
function ask(port: Port, asker: Asker, place: Place, asking: Asking, beside?: Running<unknown>): Entry {
  const { rapidCommit, deadline, seconds, log } = asking
  const seen: Seen = { sentences: [] }
  const exchange = acquire(client4Of(asker), { rapidCommit, milliseconds: deadline - now(), now }, seen)
  const got = run(port, exchange, beside)
  if (!got) throw noLease(place, seen, seconds)
  const { lease, warnings } = got
  for (const warning of warnings) log.warn(`DHCP server ${lease.server}: ${warning}`)
  const leased = { ...asker, via: port.readFrom, lease4: { ...lease, since: port.sentAt ?? bootClock() } }
  const result = resultOf(leased)
  return { ...leased, given: result, now: result }
}

function conflictOf({ lease4 }: Entry, { namespace, link, mac }: Place, { arpProbe }: Asking) {
  if (!arpProbe || !lease4) return undefined
  return inNamespace(namespace, () => probeFrom(link, [endsOf(lease4).from], mac))
}

function refuse(port: Port, entry: Entry): void {
  if (!entry.lease4) return
  const { from, to } = endsOf(entry.lease4)
  port.send(decline(client4Of(entry), from, to))
}

/** A gratuitous ARP: the interface is up, so the kernel sends none when the address comes. */
function kept<T>(port: Port, entry: Entry, { mac }: Place, keep: (entry: Entry) => T): T {
  if (entry.lease4) sendFrame(port.fd, claimFrame(endsOf(entry.lease4).from, mac))
  return keep(entry)
}
