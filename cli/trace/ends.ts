/** What SRC and DST name: the host, a container, a namespace, or an address that may be nowhere on this host. */

import { type Address, type Family, formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { isMulticast } from '../../shared/ip/host.ts'
import { contains } from '../../shared/ip/subnet.ts'
import { findContainer } from '../attachments/find.ts'
import { misuse } from '../form/arguments.ts'
import { pathInto } from '../host/inside.ts'
import type { Place } from '../host/place.ts'
import type { Known } from './known.ts'
import { globalAddresses, hasAddress, type Netns } from './netns.ts'

/** One end of the way. */
export interface End {
  /** Undefined: outside of this host. */
  netns?: Netns
  /** Undefined: any of the namespace's. */
  address?: Address
}

/** Both ends, with the address to which the packet is sent. */
export interface Ends {
  source: End
  destination: End & { address: Address }
  family: Family
}

/** @param family the wanted one; undefined: IPv4 where both ends have it @throws CniError of a wrong command line */
export function endsOf(words: readonly [string, string], known: Known, family?: Family): Ends {
  const [source, destination] = words.map((word) => endOf(word, known)) as [End, End]
  const chosen =
    family ?? source.address?.family ?? destination.address?.family ?? commonFamily(source, destination)
  for (const [at, { address }] of [source, destination].entries())
    if (address && address.family !== chosen) throw misuse(`${words[at]} is no IPv${chosen} address`)
  const address = destination.address ?? addressOf(source, destination, chosen)
  if (!address) throw misuse(`${words[1]} has no IPv${chosen} address`, 'ip address show, in its namespace')
  const netns = isLoopback(address) ? source.netns : destination.netns
  return { source, destination: { netns, address }, family: chosen }
}

function isLoopback({ family, value }: Address): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n
}

/** An IPv4 address, or an IPv6 address in brackets, with a port. */
const withPort = /^\[?([\d.]+|[\da-f:.]+(?=\]))\]?:(\d{1,5})$/i

function endOf(word: string, known: Known): End {
  if (word === 'host') return { netns: known.host }
  const address = parseAddress(word)
  if (address) return { address, netns: ownerOf(address, known) }
  const [, host, port] = withPort.exec(word) ?? []
  if (host) throw misuse(`a port is a word of its own: ${host} tcp ${port}`)
  // As `ip netns` names them.
  const path = word.startsWith('/') ? word : `/run/netns/${word}`
  const netns = word.includes('/') && path !== word ? undefined : known.at(path)
  return { netns: netns ?? containerOf(word, known) }
}

/** The namespace that has an address. First those are asked of which a file says so. */
function ownerOf(address: Address, known: Known): Netns | undefined {
  if (isMulticast(address))
    throw misuse(`${formatAddress(address)} is a multicast address: trace one address`)
  const text = formatAddress(address)
  const has = (netns?: Netns) => netns !== undefined && hasAddress(netns, text)
  const opened = known.opened().find(has)
  if (opened || isLoopback(address)) return opened
  const named = known.views().filter(({ addresses }) => addresses.some((one) => one.split('/')[0] === text))
  return named.map(({ places }) => placeOf(places, known)).find(has) ?? known.ownerOf(text)
}

function placeOf(places: readonly Place[], known: Known): Netns | undefined {
  const path = pathInto(places, true)
  return path === undefined ? undefined : known.at(path)
}

/** @throws CniError when there is none, or it has no namespace any more */
function containerOf(word: string, known: Known): Netns {
  const found = findContainer(word, known.views())
  for (const { places } of found) {
    const netns = placeOf(places, known)
    if (netns) return netns
  }
  throw misuse(`container ${word} has no namespace any more`, `patchbay show ${word}`)
}

function commonFamily(...ends: readonly End[]): Family {
  const has = (family: Family) =>
    ends.every(({ netns }) => netns && globalAddresses(netns, family).length > 0)
  return !has(4) && has(6) ? 6 : 4
}

/** The destination's address in a subnet of the source, or else its first one. */
function addressOf(source: End, { netns }: End, family: Family): Address | undefined {
  const own = netns ? globalAddresses(netns, family) : []
  const near = source.netns ? globalAddresses(source.netns, family) : []
  const isNear = (address: Address) => near.some((one) => contains(one, address))
  return (own.find(({ address }) => isNear(address)) ?? own[0])?.address
}
