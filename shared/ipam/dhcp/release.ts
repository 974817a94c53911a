/** RELEASE: the server may give the address to others at once. A try with a bound; the lease ends anyway. */

import type { Datagram } from '../../dhcp/exchange.ts'
import type { Lease4 } from '../../dhcp/lease.ts'
import { release } from '../../dhcp/v4/end.ts'
import { endsOf } from '../../dhcp/v4/extend.ts'
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
import { client4Of } from './client.ts'
import { type Entry, namespaceId } from './journal.ts'
import type { Place } from './link.ts'
import { packetPort } from './packet-port.ts'
import type { Port } from './port.ts'
import { udpPort, waitUntilSent } from './udp-port.ts'

/** How long the kernel may look for the server's MAC address, milliseconds. */
const LONGEST = 1000

/** Where a RELEASE is sent from. */
type From = Pick<Place, 'namespace' | 'inside' | 'link'>

/** Gives the addresses of an entry back where its namespace and its interface are still there. A failure is a warning. */
export function giveBack(entry: Entry, log: Log): void {
  quietly(entry, log, () => {
    const from = placeIn(entry)
    if (from) sendRelease(entry, from)
  })
}

/** The same from another interface of the container, as a second ADD makes one. */
export function giveBackFrom(entry: Entry, from: From, log: Log): void {
  quietly(entry, log, () => sendRelease(entry, from))
}

function quietly({ lease4 }: Entry, log: Log, action: () => void): void {
  try {
    action()
  } catch (error) {
    const { message } = toCniError(error)
    log.warn(
      `${lease4?.address}: no RELEASE was sent: ${message}; the DHCP server keeps it until its lease ends`,
    )
  }
}

function placeIn({ netns, namespace: id, ifindex }: Entry): From | undefined {
  const namespace = netns ? openNamespaceIfAny(netns) : undefined
  if (!namespace || namespaceId(namespace) !== id) return undefined
  const inside = openSocketIn(namespace, Protocol.ROUTE)
  const link = findLink(inside, ifindex)
  return link?.up ? { namespace, inside, link } : undefined
}

function sendRelease(entry: Entry, { namespace, inside, link }: From): void {
  const { lease4 } = entry
  if (!lease4) return
  const datagram = release(client4Of(entry), lease4)
  const { from } = endsOf(lease4)
  const hasAddress = isOn(inside, link, from)
  inNamespace(namespace, () => send(datagram, hasAddress ? udpPort(link, from) : byMac(entry, link)))
  if (hasAddress) dropAddress(inside, link, lease4)
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
function dropAddress(inside: Socket, link: Link, { address }: Lease4): void {
  const cidr = parseCidr(address)
  if (cidr) tolerate(() => ask(inside, removeAddress(link, cidr)), 'EADDRNOTAVAIL')
}
