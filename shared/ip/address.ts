/** IPv4 and IPv6 addresses as one value: a family and a number, so that ranges are plain arithmetic. */

/** The versions of IP. */
export const families = [4, 6] as const
export type Family = (typeof families)[number]

export interface Address {
  family: Family
  value: bigint
}

/** The number of bits of an address. */
export function width(family: Family): number {
  return family === 4 ? 32 : 128
}

/** Reads a dotted quad or any form of RFC 4291 section 2.2; undefined for other text. An IPv4-mapped address is IPv4. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) return parseIPv4(text)
  const value = parseIPv6(text)
  if (value === undefined) return undefined
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffffffffn } : { family: 6, value }
}

/** The address of a next hop; undefined for the unspecified one (0.0.0.0, ::), by which configurations say that there is none. */
export function nextHop(address: Address | undefined): Address | undefined {
  return address?.value === 0n ? undefined : address
}

function parseIPv4(text: string): Address | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(isOctet)) return undefined
  return { family: 4, value: BigInt(parts.reduce((sum, part) => sum * 256 + Number(part), 0)) }
}

/** No leading zeros: some programs read 010 as octal, others as decimal. */
function isOctet(text: string): boolean {
  const value = Number(text)
  return Number.isInteger(value) && value >= 0 && value < 256 && String(value) === text
}

function parseIPv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(parseGroups)
  if (!head || (halves.length === 2 && !tail)) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
}

/** Colon-separated groups, the last of which may be a dotted quad. */
function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    const quad = index === parts.length - 1 && part.includes('.') ? parseIPv4(part) : undefined
    if (quad) groups.push(Number(quad.value >> 16n), Number(quad.value & 0xffffn))
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

/** An address as text: a dotted quad, or the canonical form of RFC 5952. */
export function formatAddress({ family, value }: Address): string {
  const bytes = toBytes({ family, value })
  return family === 4 ? bytes.join('.') : formatIPv6(bytes)
}

function formatIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16))
  const { start, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

/** The first of the longest runs of zero groups (RFC 5952 section 4.2). */
function longestZeros(groups: string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0, end = 1; end <= groups.length; end++) {
    if (groups[end - 1] !== '0') start = end
    else if (end - start > best.length) best = { start, length: end - start }
  }
  return best
}

/** An address in the kernel's form: 4 or 16 bytes in network order. */
export function toBytes({ family, value }: Address): Buffer {
  const bytes = Buffer.alloc(width(family) / 8)
  if (family === 4) bytes.writeUInt32BE(Number(value))
  else for (const at of [0, 8]) bytes.writeBigUInt64BE(BigInt.asUintN(64, value >> BigInt(64 - 8 * at)), at)
  return bytes
}

/** An address from the kernel's 4 or 16 bytes. */
export function fromBytes(bytes: Buffer): Address {
  if (bytes.length === 4) return { family: 4, value: BigInt(bytes.readUInt32BE()) }
  return { family: 6, value: (bytes.readBigUInt64BE(0) << 64n) | bytes.readBigUInt64BE(8) }
}

export function sameAddress(one: Address, other: Address): boolean {
  return one.family === other.family && one.value === other.value
}
