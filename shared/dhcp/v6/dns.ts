/** What servers of DHCPv6 say of DNS (RFC 3646). It becomes a resolver's configuration, so nothing gets in that is no address or no name. */

import { type Address, formatAddress, fromBytes } from '../../ip/address.ts'
import { isMulticast } from '../../ip/host.ts'
import { parseNames } from '../../ip/names.ts'
import { contains, linkLocal } from '../../ip/subnet.ts'
import type { LeaseDns } from '../lease.ts'
import { type Option, valueIn } from './options.ts'

const most = { servers: 8, names: 16 } as const

/** The servers and search domains of a REPLY, without those that a resolver cannot use. */
export function dnsOf(options: readonly Option[]): LeaseDns {
  const nameservers = serversOf(valueIn(options, 'DNS_SERVERS'))
  const search = [...new Set(parseNames(valueIn(options, 'DOMAIN_LIST') ?? none))].slice(0, most.names)
  return { ...(nameservers.length > 0 && { nameservers }), ...(search.length > 0 && { search }) }
}

const none = Buffer.alloc(0)

function serversOf(data: Buffer = none): string[] {
  const servers: Address[] = []
  for (let at = 0; at + 16 <= data.length; at += 16) servers.push(fromBytes(data.subarray(at, at + 16)))
  return [...new Set(servers.filter(isServer).map(formatAddress))].slice(0, most.servers)
}

/** Whether a resolver can ask it. A link-local address is none without the name of a link, which a CNI result's `dns` does not have. */
function isServer(address: Address): boolean {
  return address.value > 1n && !isMulticast(address) && !contains(linkLocal, address)
}
