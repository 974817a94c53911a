/** The exchange of each action, and the socket that it needs: a server is asked by the kernel's routes, all are asked by frames. */

import type { Exchange, Seen } from '../../shared/dhcp/exchange.ts'
import { acquire } from '../../shared/dhcp/v4/acquire.ts'
import { endsOf, rebind, reboot, renew } from '../../shared/dhcp/v4/extend.ts'
import * as v6 from '../../shared/dhcp/v6/extend.ts'
import { request } from '../../shared/dhcp/v6/request.ts'
import { solicit } from '../../shared/dhcp/v6/solicit.ts'
import { client4Of, client6Of } from '../../shared/ipam/dhcp/client.ts'
import type { Entry } from '../../shared/ipam/dhcp/journal.ts'
import { packetPort } from '../../shared/ipam/dhcp/packet-port.ts'
import type { Port } from '../../shared/ipam/dhcp/port.ts'
import { udpPort } from '../../shared/ipam/dhcp/udp-port.ts'
import { udp6Port } from '../../shared/ipam/dhcp/udp6-port.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import type { Action } from './action.ts'
import type { Family, Lease } from './entries.ts'
import type { Here } from './place.ts'
import { patienceOf } from './schedule.ts'

/** undefined: no server answered. */
export type Outcome = { lease: Lease } | 'refused' | undefined

export interface Asked {
  action: Exclude<Action, 'wait'>
  family: Family
  entry: Entry
  now(): number
  seen: Seen
}

/** How long all servers are asked, milliseconds: for an address that the client had, and for any. */
const [askedAgain, searched] = [4000, 10_000]

/** @returns undefined without a lease of the family */
export function exchangeOf(asked: Asked): Exchange<Outcome> | undefined {
  return asked.family === 4 ? exchange4(asked) : exchange6(asked)
}

function exchange4({ action, entry, now, seen }: Asked): Exchange<Outcome> | undefined {
  const { lease4: lease, rapidCommit } = entry
  if (!lease) return undefined
  const client = client4Of(entry)
  const wanted = endsOf(lease).from
  if (action === 'renew') return renew(client, lease, patienceOf(lease, now()), seen)
  if (action === 'rebind') return rebind(client, lease, patienceOf(lease, now()), seen)
  if (action === 'reboot') return reboot(client, wanted, { milliseconds: askedAgain, now }, seen)
  return acquire(client, { rapidCommit, wanted, milliseconds: searched, now }, seen)
}

function exchange6({ action, entry, now, seen }: Asked): Exchange<Outcome> | undefined {
  const { lease6: lease, rapidCommit } = entry
  if (!lease) return undefined
  const client = client6Of(entry)
  const { addresses } = lease
  if (action === 'acquire')
    return found(solicit(client, { rapidCommit, addresses, milliseconds: searched, now }, seen))
  const milliseconds = action === 'reboot' ? askedAgain : patienceOf(lease, now())
  const ask = action === 'renew' ? v6.renew : v6.rebind
  return insisting(ask(client, lease, { milliseconds }, seen), () =>
    request(client, lease, { milliseconds: askedAgain, now }, seen),
  )
}

/** A server that has forgotten the lease is asked for it once more, before the addresses go (RFC 8415 section 18.2.10.1, NoBinding). */
function* insisting(exchange: Exchange<Outcome>, again: () => Exchange<Outcome>): Exchange<Outcome> {
  const outcome = yield* exchange
  return outcome === 'refused' ? ((yield* again()) ?? 'refused') : outcome
}

function* found<T extends Lease>(exchange: Exchange<T | undefined>): Exchange<Outcome> {
  const lease = yield* exchange
  return lease && { lease }
}

/** Opens the socket in the interface's namespace. @throws KernelError */
export function portOf({ namespace, link }: Here, { action, family, entry }: Asked): Port {
  return inNamespace(namespace, () => {
    if (family === 6) return udp6Port(link)
    const { lease4 } = entry
    if (action === 'renew' && lease4) return udpPort(link, endsOf(lease4).from)
    return packetPort(link, client4Of(entry).mac)
  })
}
