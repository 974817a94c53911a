/** The lease in a server's message: addresses that an interface can have, and when they are to be extended (RFC 8415 section 18.2.10.1). */

import { type Address, formatAddress, parseAddress } from '../../ip/address.ts'
import type { Lease6, Times } from '../lease.ts'
import { dnsOf } from './dns.ts'
import { type Ia, type IaAddress, INFINITE, parseIa } from './ia.ts'
import { type Option, valuesIn } from './options.ts'
import { formatStatus, type Status, StatusCode, statusIn } from './status.ts'

/** Why a message gives no lease. */
export interface NoLease {
  /** A part of a sentence, after the message's name: `with NoAddrsAvail`. */
  why: string
  /** The server does not know the client, its link has another subnet, or the server takes the addresses back. */
  isOver: boolean
}

const mostAddresses = 16

/**
 * The lease in an ADVERTISE or a REPLY. Addresses that the message does not name are not in it.
 * @param server its DUID, hexadecimal
 * @param iaid of the client's IA_NA; others are not looked at
 */
export function leaseOf(options: readonly Option[], server: string, iaid: number): Lease6 | NoLease {
  const ia = iaIn(options, iaid)
  const failed = [statusIn(options), ia?.status].find(
    (status) => status && status.code !== StatusCode.SUCCESS,
  )
  if (failed) return { why: `with ${formatStatus(failed)}`, isOver: isOver(failed) }
  if (!ia || ia.addresses.length === 0) return { why: 'without an address', isOver: false }
  const addresses = ia.addresses.filter(isGiven).slice(0, mostAddresses)
  if (addresses.length === 0) return noneOf(ia.addresses)
  return { server, addresses: textsOf(addresses), dns: dnsOf(options), ...timesOf(ia, addresses) }
}

/** A lease's addresses as values. */
export function addressesOf({ addresses }: Pick<Lease6, 'addresses'>): Address[] {
  return addresses.flatMap((text) => parseAddress(text) ?? [])
}

/** Whether it is a lease. */
export function isLease(found: Lease6 | NoLease): found is Lease6 {
  return 'addresses' in found
}

function iaIn(options: readonly Option[], iaid: number): Ia | undefined {
  return valuesIn(options, 'IA_NA')
    .map(parseIa)
    .find((ia) => ia?.iaid === iaid)
}

function isOver({ code }: Status): boolean {
  return code === StatusCode.NO_BINDING || code === StatusCode.NOT_ON_LINK
}

/** A lifetime of 0 takes an address back (RFC 8415 section 18.2.10.1). */
function isGiven({ address, valid, status }: IaAddress): boolean {
  return valid > 0 && status.code === StatusCode.SUCCESS && isUsable(address)
}

/** Whether an interface may get an address from a server: global unicast, 2000::/3 (RFC 4291 section 2.4), or unique local, fc00::/7 (RFC 4193). */
export function isUsable({ family, value }: Address): boolean {
  return family === 6 && (value >> 125n === 1n || value >> 121n === 0x7en)
}

function noneOf(addresses: readonly IaAddress[]): NoLease {
  const isOver = addresses.every(({ valid }) => valid === 0)
  const first = addresses[0] && formatAddress(addresses[0].address)
  return { why: isOver ? `that takes back ${first}` : `of ${first}, which an interface cannot have`, isOver }
}

/** Those that are preferred come first: the others are on their way out. */
function textsOf(addresses: readonly IaAddress[]): string[] {
  const rank = ({ preferred }: IaAddress) => (preferred > 0 ? 0 : 1)
  const sorted = [...addresses].sort((one, other) => rank(one) - rank(other))
  return [...new Set(sorted.map(({ address }) => formatAddress(address)))]
}

/** All addresses are extended at once, before the first one ends. A T1 or T2 that comes after that is as good as none. */
function timesOf(ia: Ia, addresses: readonly IaAddress[]): Times {
  const expire = Math.min(...addresses.map(({ valid }) => valid))
  const preferred = Math.min(...addresses.map((one) => one.preferred || one.valid))
  const chosen = (time: number, share: number) =>
    time > 0 && time < expire ? time : shareOf(preferred, share)
  const renew = chosen(ia.renew, 0.5)
  const rebind = Math.max(renew, chosen(ia.rebind, 0.8))
  return { ...finite('renew', renew), ...finite('rebind', rebind), ...finite('expire', expire) }
}

/** The share of a lifetime that RFC 8415 section 21.4 recommends, whole seconds. */
function shareOf(lifetime: number, share: number): number {
  return lifetime === INFINITE ? INFINITE : Math.max(1, Math.floor(lifetime * share))
}

function finite(name: keyof Times, seconds: number): Times {
  return seconds === INFINITE ? {} : { [name]: seconds }
}
