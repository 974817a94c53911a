/** What an ACK gives: only what a container can have, whatever the server says. */

import { type Address, formatAddress } from '../../ip/address.ts'
import { whyUnusable } from '../../ip/host.ts'
import { type Cidr, formatCidr } from '../../ip/subnet.ts'
import { note, type Seen } from '../exchange.ts'
import type { Lease4, LeaseDns } from '../lease.ts'
import { parseDomainSearch } from './domain-search.ts'
import type { Message4 } from './message.ts'
import { optionOf } from './options.ts'
import { type Reader, read } from './reader.ts'
import { routingOf } from './routes.ts'
import { timesOf } from './times.ts'
import { addressesOf, domainNameOf, isUnicast, numberOf } from './values.ts'

export interface Leased4 {
  lease: Lease4
  /** What the server gives besides and cannot be used, as sentences. */
  warnings: string[]
}

/** What every host must be able to receive (RFC 791 section 3.2). */
const smallestMtu = 576
const mostServers = 8

/** The lease of an ACK, or a sentence that says why it is none. */
export function leaseOf(message: Message4): Leased4 | string {
  const warnings: Seen = { sentences: [] }
  const reader = { message, warnings }
  const server = serverOf(message)
  const own = ownAddress(message)
  if (typeof own === 'string') return own
  const times = timesOf(reader)
  if (!server) return 'it names no server that can be asked again (option 54)'
  if (!times) return 'it is for 0 seconds'
  const base = { address: formatCidr(own), server: formatAddress(server) }
  const rest = { ...routingOf(reader, own), dns: dnsOf(reader), mtu: mtuOf(reader) }
  return { lease: { ...base, ...rest, ...times }, warnings: warnings.sentences }
}

/** The address of option 54; undefined when there is none to which a packet can be sent. */
export function serverOf({ options }: Message4): Address | undefined {
  const [server] = addressesOf(optionOf(options, 'dhcp-server-identifier') ?? Buffer.alloc(0))
  return server && isUnicast(server) ? server : undefined
}

/** The address with the prefix of its mask, or why there is none. The sentence about the mask is the reference's, but for the words by which go-cni takes a DEL for done. */
function ownAddress({ yiaddr: address, options }: Message4): Cidr | string {
  const mask = optionOf(options, 'subnet-mask')
  if (!mask) return 'DHCP option Subnet Mask is missing in DHCPACK'
  const prefix = prefixOf(mask)
  if (prefix === undefined) return `${mask.join('.')} is no mask of a subnet (option 1)`
  const why = whyUnusable({ address, prefix })
  return why ? `${formatAddress(address)} is ${why}` : { address, prefix }
}

/** From 1 to 32; undefined when the bits that are set are not the first ones. */
function prefixOf(mask: Buffer): number | undefined {
  const bits = numberOf(mask).toString(2).padStart(32, '0')
  return /^1+0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined
}

function dnsOf(reader: Reader): LeaseDns {
  const servers = (read(reader, 'domain-name-servers', addressesOf) ?? []).filter(isUnicast)
  const domain = read(reader, 'domain-name', domainNameOf)
  const search = read(reader, 'domain-search', parseDomainSearch)
  return {
    ...(servers.length > 0 && { nameservers: servers.slice(0, mostServers).map(formatAddress) }),
    ...(domain !== undefined && { domain }),
    ...(search && { search }),
  }
}

function mtuOf(reader: Reader): number | undefined {
  const mtu = read(reader, 'interface-mtu', numberOf)
  if (mtu === undefined || mtu >= smallestMtu) return mtu
  note(reader.warnings, `an MTU of ${mtu} is ignored: it is less than ${smallestMtu}`)
  return undefined
}
