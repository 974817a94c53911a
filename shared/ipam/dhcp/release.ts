/** RELEASE: the server may give the address to others at once. A try with a bound; the lease ends anyway. */

import type { Datagram } from '../../dhcp/exchange.ts'
import type { Lease4, Lease6 } from '../../dhcp/lease.ts'
import { release } from '../../dhcp/v4/end.ts'
import { endsOf } from '../../dhcp/v4/extend.ts'
import { release as releaseOf6 } from '../../dhcp/v6/leave.ts'
import { toCniError } from '../../error/error.ts'
import type { Log } from '../../error/log.ts'
import { type Address, sameAddress } from '../../ip/address.ts'
import { parseMac } from '../../ip/mac.ts'
import { parseCidr } from '../../ip/subnet.ts'
import { tolerate } from '../../kernel/errno.ts'
import { close } from '../../kernel/files.ts'
import { inNamespace, openNamespaceIfAny } from '../../kernel/namespace.ts'
import { listAddresses, removeAddress } from '../../netlink/address.ts'
import { findLink, type Link } from '../../netlink/link.ts'
import { ask, openSocketIn, Protocol, type Socket } from '../../netlink/socket.ts'
import { client4Of, client6Of } from './client.ts'
import { type Entry, namespaceId } from './journal.ts'
import type { Place } from './link.ts'
import { packetPort } from './packet-port.ts'
import type { Port } from './port.ts'
import { cidrsOf } from './result.ts'
import { udpPort, waitUntilSent } from './udp-port.ts'
import { udp6Port } from './udp6-port.ts'

/** How long the kernel may look for the server's MAC address, milliseconds. */
const LONGEST = 1000

/** Where a RELEASE is sent from. */
type From = Pick<Place, 'namespace' | 'inside' | 'link'>

/** Gives the addresses of an entry back where its namespace and its interface are still there. A failure is a warning. */
export function giveBack(entry: Entry, log: Log): void {
  const { lease4, lease6 } = entry
  const addresses = [lease4?.address, ...(lease6?.addresses ?? [])].filter(Boolean)
  quietly(addresses.join(', '), log, () => {
    const from = placeIn(entry)
    if (from) giveBackFrom(entry, from, log)
  })
}

/** The same from another interface of the container, as a second ADD makes one. */
export function giveBackFrom(entry: Entry, from: From, log: Log): void {
  const { lease4, lease6 } = entry
  if (lease4) quietly(lease4.address, log, () => release4(entry, lease4, from))
  if (lease6) quietly(lease6.addresses.join(', '), log, () => release6(entry, lease6, from))
}

function quietly(addresses: string, log: Log, action: () => void): void {
  try {
    action()
  } catch (error) {
    const { message } = toCniError(error)
    log.warn(`${addresses}: no RELEASE was sent: ${message}; the DHCP server keeps it until its lease ends`)
  }
}

function placeIn({ netns, namespace: id, ifindex }: Entry): From | undefined {
  const namespace = netns ? openNamespaceIfAny(netns) : undefined
  if (!namespace || namespaceId(namespace) !== id) return undefined
  const inside = openSocketIn(namespace, Protocol.ROUTE)
  const link = findLink(inside, ifindex)
  return link?.up ? { namespace, inside, link } : undefined
}

function release4(entry: Entry, lease4: Lease4, { namespace, inside, link }: From): void {
  const datagram = release(client4Of(entry), lease4)
  const { from } = endsOf(lease4)
  const hasAddress = isOn(inside, link, from)
  inNamespace(namespace, () => send(datagram, hasAddress ? udpPort(link, from) : byMac(entry, link)))
  if (hasAddress) dropAddress(inside, link, lease4.address)
}

/** To all servers, from the link-local address: the addresses themselves need not be there any more. */
function release6(entry: Entry, lease6: Lease6, { namespace, inside, link }: From): void {
  const datagram = releaseOf6(client6Of(entry), lease6)
  inNamespace(namespace, () => send(datagram, udp6Port(link)))
  for (const cidr of cidrsOf(lease6)) dropAddress(inside, link, cidr)
}

function send(datagram: Datagram, port: Port): void {
  try {
    port.send(datagram)
    waitUntilSent(port, LONGEST)
  } finally {
    close(port.fd)
  }
}

/** For an interface that has the address no more: to where the server's answer came from. */
function byMac({ via, mac }: Entry, link: Link): Port {
  return packetPort(link, parseMac(mac) ?? Buffer.alloc(6), via === undefined ? undefined : parseMac(via))
}

function isOn(inside: Socket, link: Link, from: Address): boolean {
  return listAddresses(inside, link).some(({ address }) => sameAddress(address, from))
}

/** The interface may live longer than its lease: its deletion may fail, or it goes back to the host. */
function dropAddress(inside: Socket, link: Link, address: string): void {
  const cidr = parseCidr(address)
  if (cidr) tolerate(() => ask(inside, removeAddress(link, cidr)), 'EADDRNOTAVAIL')
}
