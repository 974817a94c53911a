/** The client that an entry of the journal describes: the same in each exchange for its lease. */

import type { Client4 } from '../../dhcp/v4/client.ts'
import type { Client6 } from '../../dhcp/v6/client.ts'
import { parseMac } from '../../ip/mac.ts'
import { random } from '../../kernel/random.ts'
import type { Entry } from './journal.ts'

/** @throws nothing: an entry is validated when it is read; a MAC address that is none sends zeros */
export function client4Of({ client, mac }: Pick<Entry, 'client' | 'mac'>): Client4 {
  const { clientId, hostname, vendorClass, broadcast, request, provide } = client
  return {
    mac: parseMac(mac) ?? Buffer.alloc(6),
    random,
    clientId: clientId === undefined ? undefined : Buffer.from(clientId, 'hex'),
    hostname,
    vendorClass,
    broadcast,
    request,
    provide: provide.map(([code, value]) => [code, Buffer.from(value, 'hex')]),
  }
}

/** The same of DHCPv6. */
export function client6Of({ client: { duid, iaid, hostname } }: Pick<Entry, 'client'>): Client6 {
  return { duid: Buffer.from(duid, 'hex'), iaid, random, hostname }
}
