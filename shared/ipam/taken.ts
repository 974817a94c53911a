/**
 * Bitmaps of the taken addresses. A page is 32,768 consecutive addresses, and its name is the first of them. Pages without a
 * taken address are absent, so a large IPv6 subnet needs only a few.
 */

import { type Address, formatAddress } from '../ip/address.ts'
import { plus } from '../ip/subnet.ts'

const SIZE = 32_768
/** The length of a full page in bytes. A shorter page continues with zeros. */
export const PAGE_BYTES = SIZE / 8

/** Gives a page by its name; undefined when it has no taken address. */
export type Pages = (name: string) => Uint8Array | undefined

/** Where an address's bit is. */
export interface Place {
  page: string
  byte: number
  mask: number
}

/** The page and the bit of an address. The lowest bit of a byte is its first address. */
export function placeOf(address: Address): Place {
  const at = offsetOf(address)
  return { page: formatAddress(plus(address, BigInt(-at))), byte: at >> 3, mask: 1 << (at & 7) }
}

function offsetOf({ value }: Address): number {
  return Number(value & BigInt(SIZE - 1))
}

/** Whether exactly these addresses are taken in all the pages. It changes the pages: what is left then must be zeros. */
export function haveExactly(pages: ReadonlyMap<string, Uint8Array>, addresses: readonly Address[]): boolean {
  const places = addresses.map(placeOf)
  const byteAt = ({ page, byte }: Place) => pages.get(page)?.[byte] ?? 0
  if (!places.every((place) => byteAt(place) & place.mask)) return false
  for (const place of places) {
    const page = pages.get(place.page)
    if (page) page[place.byte] = byteAt(place) & ~place.mask
  }
  return [...pages.values()].every((page) => page.every((byte) => byte === 0))
}

/** The first free address from `from` to `to`, both included; undefined when all are taken. */
export function firstFree(pages: Pages, from: Address, to: Address): Address | undefined {
  let at = from
  while (at.value <= to.value) {
    const offset = offsetOf(at)
    const first = plus(at, BigInt(-offset))
    const clear = firstClear(pages(formatAddress(first)) ?? new Uint8Array(), offset)
    const found = plus(first, BigInt(clear))
    if (clear < SIZE) return found.value <= to.value ? found : undefined
    at = found
  }
  return undefined
}

/** How many addresses from `from` to `to` are free, both included. @param enough where counting ends */
export function countFree(pages: Pages, from: Address, to: Address, enough: number): number {
  let count = 0
  for (let at = from; at.value <= to.value && count < enough; ) {
    const offset = offsetOf(at)
    const first = plus(at, BigInt(-offset))
    const end = Number(to.value - first.value < BigInt(SIZE) ? to.value - first.value : SIZE - 1)
    count += clearBits(pages(formatAddress(first)) ?? new Uint8Array(), offset, end, enough - count)
    at = plus(first, BigInt(SIZE))
  }
  return count
}

/** How many bits from `start` to `end` are not set; a few more than `enough` at most. */
function clearBits(page: Uint8Array, start: number, end: number, enough: number): number {
  let count = 0
  for (let at = start; at <= end && count < enough; ) {
    const next = Math.min((at | 7) + 1, end + 1)
    const mask = (0xff << (at & 7)) & (0xff >> (7 - ((next - 1) & 7)))
    for (let clear = ~(page[at >> 3] ?? 0) & mask; clear !== 0; clear &= clear - 1) count++
    at = next
  }
  return count
}

/** The first bit from `start` that is not set; SIZE when all are. */
function firstClear(page: Uint8Array, start: number): number {
  for (let at = start; at < SIZE; ) {
    const byte = page[at >> 3] ?? 0
    if (byte === 0xff) at = (at | 7) + 1
    else if ((byte >> (at & 7)) & 1) at++
    else return at
  }
  return SIZE
}
