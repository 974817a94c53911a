/** IA_NA: the addresses that a server gives a client, with their lifetimes (RFC 8415 sections 21.4 and 21.6). */

import { type Address, fromBytes, toBytes } from '../../ip/address.ts'
import { encodeOptions, type Option, option, parseOptions, u32, valuesIn } from './options.ts'
import { type Status, statusIn } from './status.ts'

/** A lifetime, a T1 or a T2 without end (RFC 8415 section 7.7). */
export const INFINITE = 0xffffffff

export interface IaAddress {
  address: Address
  /** Seconds, or INFINITE. */
  preferred: number
  valid: number
  status: Status
}

export interface Ia {
  iaid: number
  /** T1 and T2, seconds, or INFINITE; 0 leaves it to the client. */
  renew: number
  rebind: number
  status: Status
  addresses: IaAddress[]
}

/** Lengths before the options in it. */
const [IA_LENGTH, ADDRESS_LENGTH] = [12, 24] as const

/** As a client sends it: times of zero ask for nothing (RFC 8415 sections 18.2.1 and 18.2.4). */
export function iaOption(iaid: number, addresses: readonly Address[] = []): Option {
  const inside = addresses.map((address) =>
    option('IAADDR', Buffer.concat([toBytes(address), Buffer.alloc(8)])),
  )
  return option('IA_NA', Buffer.concat([u32(iaid), Buffer.alloc(8), encodeOptions(inside)]))
}

/** @returns undefined when it is malformed, or its T1 is later than its T2: then it counts as missing (RFC 8415 section 21.4) */
export function parseIa(data: Buffer): Ia | undefined {
  if (data.length < IA_LENGTH) return undefined
  const options = parseOptions(data.subarray(IA_LENGTH))
  const [iaid, renew, rebind] = [data.readUInt32BE(0), data.readUInt32BE(4), data.readUInt32BE(8)]
  if (!options || (rebind > 0 && renew > rebind)) return undefined
  const addresses = valuesIn(options, 'IAADDR').flatMap((value) => parseAddress(value) ?? [])
  return { iaid, renew, rebind, status: statusIn(options), addresses }
}

/** @returns undefined when it is malformed, or preferred for longer than valid: such an address is not used (RFC 8415 section 21.6) */
function parseAddress(data: Buffer): IaAddress | undefined {
  if (data.length < ADDRESS_LENGTH) return undefined
  const options = parseOptions(data.subarray(ADDRESS_LENGTH))
  const [preferred, valid] = [data.readUInt32BE(16), data.readUInt32BE(20)]
  if (!options || preferred > valid) return undefined
  return { address: fromBytes(data.subarray(0, 16)), preferred, valid, status: statusIn(options) }
}
