/** What SRC and DST name: the host, a container, a namespace, or an address that may be nowhere on this host. */

import { nearest } from '../../shared/config/near.ts'
import { type Address, type Family, formatAddress, parseAddress } from '../../shared/ip/address.ts'
import { isMulticast } from '../../shared/ip/host.ts'
import { contains } from '../../shared/ip/subnet.ts'
import { misuse } from '../form/arguments.ts'
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
  const isLoopback =
    formatAddress(address) === '::1' || (address.family === 4 && address.value >> 24n === 127n)
  const netns = isLoopback ? source.netns : destination.netns
  return { source, destination: { netns, address }, family: chosen }
}

function endOf(word: string, known: Known): End {
  if (word === 'host') return { netns: known.host }
  const address = parseAddress(word)
  if (address) return { address, netns: ownerOf(address, known) }
  const path = word.startsWith('/') ? word : undefined
  const netns = path ? known.at(path) : (containerOf(word, known) ?? namedNetns(word, known))
  if (netns) return { netns }
  if (path) throw misuse(`there is no network namespace at ${path}`, 'lsns -t net shows all')
  const names = known.containers().map(({ id }) => id)
  const meant = nearest(word, [...names, ...known.pods().values(), 'host'])
  throw misuse(
    `no container, pod or namespace ${JSON.stringify(word)}${meant ? `, did you mean ${meant}?` : ''}`,
    'host, an address, the path of a namespace, or an ID, a unique prefix of one or the name of a pod',
  )
}

function ownerOf(address: Address, known: Known): Netns | undefined {
  if (isMulticast(address))
    throw misuse(`${formatAddress(address)} is a multicast address: trace one address`)
  const text = formatAddress(address)
  const has = (netns: Netns) => hasAddress(netns, text)
  return known.opened().find(has) ?? known.search(has)
}

/** By its ID, the name of its pod, or the beginning of one of them. */
function containerOf(word: string, known: Known): Netns | undefined {
  const living = known.containers().filter(({ life }) => life !== 'ended')
  const podOf = (id: string) => known.pods().get(id) ?? ''
  const isExact = (id: string) => id === word || podOf(id) === word || podOf(id).endsWith(`/${word}`)
  const exact = living.filter(({ id }) => isExact(id))
  const found = exact.length > 0 ? exact : living.filter(({ id }) => id.startsWith(word))
  if (found.length > 1)
    throw misuse(
      `${JSON.stringify(word)} is ambiguous`,
      found
        .slice(0, 9)
        .map(({ id }) => id)
        .join(', '),
    )
  const places = found.flatMap(({ places }) => places)
  for (const { path } of places) {
    const netns = known.at(path)
    if (netns) return netns
  }
  return undefined
}

/** As `ip netns` names it. */
function namedNetns(word: string, known: Known): Netns | undefined {
  return word.includes('/') ? undefined : known.at(`/run/netns/${word}`)
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
