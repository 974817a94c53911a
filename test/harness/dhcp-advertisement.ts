/** Router advertisements (RFC 4861 section 4.2) as a hostile router sends them: hexadecimal, made without the product's codecs. */

import { parseAddress, toBytes } from '../../shared/ip/address.ts'

export interface Advertisement {
  /** Of the router, seconds; 0: it is no default router. Default: 1800. */
  lifetime?: number
  /** M (80): addresses by DHCPv6; O (40): other things by DHCPv6. Default: none. */
  flags?: string
  /** Hexadecimal, as by the functions below. */
  options?: readonly string[]
}

/** The message, without its checksum. */
export function advertisement({ lifetime = 1800, flags = '00', options = [] }: Advertisement = {}): {
  bytes: string
} {
  return { bytes: `8600000000${flags}${hex(lifetime, 2)}${hex(0, 8)}${options.join('')}` }
}

/** Section 4.6.2. @param times valid and preferred lifetime, seconds @param flags on the link (80), addresses are made of it (40) */
export function prefixOption(
  network: string,
  length = 64,
  times: readonly [number, number] = [3600, 1800],
  flags = 'c0',
): string {
  const [valid, preferred] = times.map((time) => hex(time, 4))
  return `0304${hex(length, 1)}${flags}${valid}${preferred}00000000${hexOf(network)}`
}

/** Section 4.6.4. */
export function mtuOption(mtu: number): string {
  return `05010000${hex(mtu, 4)}`
}

/** RFC 8106 section 5.1. */
export function rdnssOption(...servers: string[]): string {
  return `19${hex(1 + 2 * servers.length, 1)}0000${hex(600, 4)}${servers.map(hexOf).join('')}`
}

/** RFC 8106 section 5.2. @param names as in a DNS message, hexadecimal */
export function dnsslOption(names: string): string {
  const length = Math.ceil(names.length / 16)
  return `1f${hex(1 + length, 1)}0000${hex(600, 4)}${names.padEnd(16 * length, '0')}`
}

/** An address's bytes. */
export function hexOf(address: string): string {
  const value = parseAddress(address)
  if (value?.family !== 6) throw new Error(`no IPv6 address: ${address}`)
  return toBytes(value).toString('hex')
}

/** The name of which these are the labels, as in a DNS message, whatever they are. */
export function nameOf(...labels: string[]): string {
  const parts = labels.map(
    (label) => `${hex(Buffer.byteLength(label), 1)}${Buffer.from(label).toString('hex')}`,
  )
  return `${parts.join('')}00`
}

function hex(value: number, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, '0')
}
