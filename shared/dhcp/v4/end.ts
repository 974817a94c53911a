/** A client gives an address back: RELEASE and DECLINE (RFC 2131 sections 4.4.4 and 4.4.6). No server answers either. */

import type { Address } from '../../ip/address.ts'
import type { Datagram } from '../exchange.ts'
import type { Lease4 } from '../lease.ts'
import { addressOption, type Client4, giving, newXid } from './client.ts'
import { endsOf } from './extend.ts'

/** To the lease's server, by unicast from the address that is given back. */
export function release(client: Client4, lease: Lease4): Datagram {
  const { from, to } = endsOf(lease)
  const options = [addressOption('dhcp-server-identifier', to)]
  return { payload: giving(client, 'RELEASE', { xid: newXid(client), ciaddr: from, options }), from, to }
}

/** Another machine has the address that the server gave: to all, and the server does not give it again. */
export function decline(client: Client4, address: Address, server: Address): Datagram {
  const options = [
    addressOption('dhcp-requested-address', address),
    addressOption('dhcp-server-identifier', server),
  ]
  return { payload: giving(client, 'DECLINE', { xid: newXid(client), options }) }
}
