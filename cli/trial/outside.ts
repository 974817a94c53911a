/** A throw-away peer outside of the network, by a cable to the host: it sees which source address packets of a container have. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { withUndoNow } from '../../shared/attachment/undo.ts'
import { type Address, type Family, formatAddress, sameAddress } from '../../shared/ip/address.ts'
import { type Cidr, parseCidr, plus } from '../../shared/ip/subnet.ts'
import { now, waitReadable } from '../../shared/kernel/clock.ts'
import { addNamespace, deleteNamespace } from '../../shared/kernel/named-namespace.ts'
import { closeNamespace, type Namespace, openNamespace } from '../../shared/kernel/namespace.ts'
import { listAllAddresses, newAddress } from '../../shared/netlink/address.ts'
import { changeLink, findLink, removeIfThere } from '../../shared/netlink/link.ts'
import { wayTo } from '../../shared/netlink/local.ts'
import { newPair } from '../../shared/netlink/pair.ts'
import { ask, transact } from '../../shared/netlink/socket.ts'
import { pathOfName } from '../attach/netns.ts'
import { bindTo, type End, type InetSocket, receiveFrom, sendTo, withSocket } from '../host/inet-socket.ts'
import { addressesInside, askInside } from '../host/inside.ts'
import { failed, inapplicable, passed, type Verdict } from './finding.ts'
import { waitUntilRunning, waitUntilUsable } from './running.ts'
import { addressOf, type Subject } from './subject.ts'

/** Subnets for documentation (RFC 5737, RFC 3849): the first that the host does not use is the cable's. */
const subnets = {
  4: ['192.0.2.252/30', '203.0.113.252/30', '198.51.100.252/30'],
  6: ['2001:db8:7e57::/126', '2001:db8:7e58::/126', '2001:db8:7e59::/126'],
} as const

const PORT = 7998
const INTERVAL_MILLISECONDS = 250

/** The peer. */
export interface Outside {
  name: string
  path: string
  namespace: Namespace
  /** The host's end of the cable. */
  link: string
  addresses: Partial<Record<Family, Address>>
}

/** Makes a peer with an address of each family that has a free subnet. @param name of the namespace @throws KernelError, and nothing is left */
export function makeOutside(name: string): Outside {
  return withUndoNow((undo) => {
    const path = pathOfName(name)
    addNamespace(path)
    undo(() => deleteNamespace(path))
    const namespace = openNamespace(path)
    const link = `out${name.replace(/\D/g, '')}`.slice(0, 15)
    const outside: Outside = { name, path, namespace, link, addresses: {} }
    undo(() => removeIfThere(hostSocket(), { name: link }))
    layCable(outside)
    return outside
  })
}

function layCable(outside: Outside): void {
  const { path, namespace, link, addresses } = outside
  const host = hostSocket()
  ask(host, newPair('veth', { name: link }, { name: 'eth0', netns: namespace }))
  for (const family of [4, 6] as const) {
    const subnet = subnets[family].map(parseCidr).find((one) => one && isUnused(one))
    if (subnet) addresses[family] = addAddresses(link, path, subnet)
  }
  ask(host, changeLink({ name: link }, { up: true }))
  askInside(path, (socket) => ask(socket, changeLink({ name: 'eth0' }, { up: true })))
  const end = () => findLink(hostSocket(), link)
  waitUntilRunning(end)
  waitUntilUsable(() => listAllAddresses(hostSocket()).filter((one) => one.link === end()?.index))
  waitUntilUsable(() => addressesInside(path))
}

function isUnused({ address }: Cidr): boolean {
  return ['gateway', 'none'].includes(wayTo(hostSocket(), plus(address, 1n)))
}

/** The host has the first address, the peer the second. @returns the peer's */
function addAddresses(link: string, path: string, { address, prefix }: Cidr): Address {
  const [own, other] = [plus(address, 1n), plus(address, 2n)]
  const host = hostSocket()
  const end = findLink(host, link)
  if (end) transact(host, [newAddress(end, { address: own, prefix }, { nodad: true })])
  askInside(path, (socket) => {
    const peer = findLink(socket, 'eth0')
    if (peer) transact(socket, [newAddress(peer, { address: other, prefix }, { nodad: true })])
  })
  return other
}

export function removeOutside({ path, namespace, link }: Outside): void {
  closeNamespace(namespace)
  removeIfThere(hostSocket(), { name: link })
  deleteNamespace(path)
}

/** A datagram to the peer has another source address than the container's, and the answer comes back. */
export function isMasqueraded(
  subject: Subject,
  { namespace, addresses }: Outside,
  family: Family,
  milliseconds: number,
): Verdict {
  const [own, peer] = [addressOf(subject, family), addresses[family]]
  if (!own) return inapplicable(`no address of IPv${family}`)
  if (!peer) return inapplicable(`the host uses all subnets of IPv${family} for documentation`)
  const way = askInside(subject.path, (socket) => wayTo(socket, peer))
  if (way === 'none') return inapplicable(`the container has no route of IPv${family} to the outside`)
  return withSocket('udp', family, namespace, (server) => {
    bindTo(server, PORT)
    return withSocket('udp', family, subject.namespace, (client) =>
      exchange(client, server, { own, to: { address: peer, port: PORT }, milliseconds }),
    )
  })
}

interface Exchange {
  own: Address
  to: End
  milliseconds: number
}

function exchange(client: InetSocket, server: InetSocket, { own, to, milliseconds }: Exchange): Verdict {
  const end = now() + milliseconds
  let seen: Address | undefined
  while (now() < end) {
    sendTo(client, Buffer.from('patchbay'), to)
    if (!waitReadable(server.fd, Math.min(INTERVAL_MILLISECONDS, end - now()))) continue
    const received = receiveFrom(server)
    if (!received) continue
    seen = received.from.address
    if (sameAddress(seen, own))
      return failed(`outside, packets have the container's own address ${formatAddress(own)}`)
    sendTo(server, Buffer.from('answer'), received.from)
    if (waitReadable(client.fd, Math.min(INTERVAL_MILLISECONDS, end - now())))
      return passed(`outside, packets come from ${formatAddress(seen)}, and answers return`)
  }
  if (seen) return failed(`outside, packets come from ${formatAddress(seen)}, but answers do not return`)
  return failed(`no packet arrives outside: is there a rule that drops what the host forwards?`)
}
