/** A lease as answers tell it, and its words for people. */

import type * as z from 'zod'
import type { lease } from '../answers/lease.ts'
import { shortAge } from '../form/age.ts'
import { optional } from '../form/optional.ts'
import type { Lease } from '../host/leases.ts'

export type ToldLease = z.infer<typeof lease>

export function toldLease({ entry, family, server, addresses, renew, rebind, expire }: Lease): ToldLease {
  const { clientId, duid, hostname } = entry.client
  const identifier = family === 4 ? clientId : duid || undefined
  return { family, server, addresses, ...optional({ renew, rebind, expire, clientId: identifier, hostname }) }
}

/** `10.1.0.7/24 from 10.1.0.1, asks it again in 30m, ends in 1h`. */
export function leaseText({ addresses, server, renew, rebind, expire }: ToldLease): string {
  return [`${addresses.join(' ')} from ${server}`, nextIn(renew, rebind, expire), endIn(expire)]
    .filter(Boolean)
    .join(', ')
}

function nextIn(renew?: number, rebind?: number, expire?: number): string {
  if (expire !== undefined && expire <= 0) return ''
  if (rebind !== undefined && rebind <= 0) return `asks any server since ${shortAge(-rebind)}`
  if (renew === undefined) return ''
  return renew > 0 ? `asks it again in ${shortAge(renew)}` : `asks it again since ${shortAge(-renew)}`
}

function endIn(expire: number | undefined): string {
  if (expire === undefined) return 'never ends'
  return expire > 0 ? `ends in ${shortAge(expire)}` : `ended ${shortAge(-expire)} ago`
}

/** A client identifier as people read it: a text after a first byte 0 (RFC 2132 section 9.14), else its hexadecimal digits. */
export function clientText(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  const text = bytes.subarray(1).toString()
  return bytes[0] === 0 && /^[\x20-\x7e]+$/.test(text) ? text : hex
}
