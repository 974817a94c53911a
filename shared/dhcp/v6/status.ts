/** Status codes: why a server does not do what it was asked for (RFC 8415 section 21.13). */

import { type Option, valueIn } from './options.ts'

export const StatusCode = {
  SUCCESS: 0,
  UNSPEC_FAIL: 1,
  NO_ADDRS_AVAIL: 2,
  NO_BINDING: 3,
  NOT_ON_LINK: 4,
} as const

const names = ['Success', 'UnspecFail', 'NoAddrsAvail', 'NoBinding', 'NotOnLink', 'UseMulticast']

export interface Status {
  code: number
  /** For people; printable, and not long. */
  text: string
}

const longest = 100

/** The status in a message, an IA or an address. Where there is none, it is Success. */
export function statusIn(options: readonly Option[]): Status {
  const data = valueIn(options, 'STATUS_CODE')
  if (!data || data.length < 2) return { code: StatusCode.SUCCESS, text: '' }
  return { code: data.readUInt16BE(0), text: printable(data.toString('utf8', 2)) }
}

/** `NoAddrsAvail (the pool is empty)` */
export function formatStatus({ code, text }: Status): string {
  const name = names[code] ?? `status ${code}`
  return text ? `${name} (${text})` : name
}

/** A server may send any bytes: an error shows none that change a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, longest)
}
