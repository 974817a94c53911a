/** Ranges of addresses and sets of ranges, as `ranges` in a configuration describes them. */

import { CniError, Code } from '../error/error.ts'
import { type Address, formatAddress, parseAddress, sameAddress, width } from '../ip/address.ts'
import { type Cidr, contains, formatCidr, lastOf, networkOf, parseCidr, plus } from '../ip/subnet.ts'
import { withoutExcluded } from './exclude.ts'

/** A range as a configuration writes it. */
export interface RangeConfig {
  subnet: string
  rangeStart?: string
  rangeEnd?: string
  gateway?: string
  exclude?: string[]
}

/** A range with its defaults filled in. The gateway may lie outside of it; a subnet of one or two addresses has none by default. */
export interface Range {
  subnet: Cidr
  start: Address
  end: Address
  gateway?: Address
  /** What `exclude` has taken out of it. */
  excluded?: Bounds[]
}

/** The first and the last address of a range. */
export type Bounds = Pick<Range, 'start' | 'end'>

/** Ranges of one family that do not overlap. A container gets one address of each set. */
export type RangeSet = readonly Range[]

/**
 * Reads a range and fills in its defaults: gateway and start are the subnet's first host address, the end is its last. All addresses
 * of a /31 or /127 (RFC 3021, RFC 6164), /32 or /128 are host addresses.
 * @param path of the range in the configuration, for the error: `ipam.ranges[0][1]`
 * @throws CniError of code 7
 */
export function parseRange(config: RangeConfig, path: string): Range {
  const subnet = parseSubnet(config.subnet, `${path}.subnet`)
  const first = isWhole(subnet) ? networkOf(subnet) : plus(networkOf(subnet), 1n)
  const within = (key: 'rangeStart' | 'rangeEnd', fallback: Address) =>
    config[key] === undefined ? fallback : parseBound(config[key], subnet, path, key)
  const range = {
    subnet,
    start: within('rangeStart', first),
    end: within('rangeEnd', lastHost(subnet)),
    gateway: gatewayOf(config, subnet, path) ?? (isWhole(subnet) ? undefined : first),
  }
  requireRoom(range, path)
  return range
}

function parseSubnet(text: string, path: string): Cidr {
  const subnet = parseCidr(text)
  if (!subnet) throw invalid(path, `invalid CIDR address: ${text}`, 'write it as 10.1.2.0/24 or fd00:1::/64')
  const network = formatAddress(networkOf(subnet))
  if (!sameAddress(subnet.address, networkOf(subnet)))
    throw invalid(
      path,
      `Network has host bits set. For a subnet mask of length ${subnet.prefix} the network address is ${network}`,
      `write ${network}/${subnet.prefix}`,
    )
  return subnet
}

function parseBound(text: string, subnet: Cidr, path: string, key: 'rangeStart' | 'rangeEnd'): Address {
  const address = parseHost(text, `${path}.${key}`)
  const name = key === 'rangeStart' ? 'RangeStart' : 'RangeEnd'
  if (!contains(subnet, address))
    throw invalid(`${path}.${key}`, `${name} ${text} not in network ${formatCidr(subnet)}`)
  return address
}

function gatewayOf({ gateway: text }: RangeConfig, subnet: Cidr, path: string): Address | undefined {
  if (text === undefined) return undefined
  const gateway = parseHost(text, `${path}.gateway`)
  if (gateway.family !== subnet.address.family)
    throw invalid(`${path}.gateway`, `gateway ${text} is not of the family of ${formatCidr(subnet)}`)
  return gateway
}

/** Whether a subnet has no network and broadcast address. */
function isWhole({ address, prefix }: Cidr): boolean {
  return width(address.family) - prefix < 2
}

function parseHost(text: string, path: string): Address {
  const address = parseAddress(text)
  if (!address) throw invalid(path, `invalid IP address: ${text}`, 'write it without a prefix length')
  return address
}

/** The last address a host may have: the one before the broadcast address in IPv4, the last one in IPv6. */
function lastHost(subnet: Cidr): Address {
  return subnet.address.family === 4 && !isWhole(subnet) ? plus(lastOf(subnet), -1n) : lastOf(subnet)
}

function requireRoom(range: Range, path: string): void {
  const { start, end } = range
  if (start.value > end.value)
    throw invalid(path, `RangeStart ${formatAddress(start)} lies after RangeEnd ${formatAddress(end)}`)
  if (capacity([range]) === 0n)
    throw invalid(path, `range ${formatRange(range)} is only the gateway, network or broadcast address`)
}

/** Reads a range without its excluded addresses. @throws CniError of code 7, also when nothing is left */
export function withHoles(config: RangeConfig, path: string): Range[] {
  const range = parseRange(config, path)
  const left = withoutExcluded(range, config.exclude)
  if (capacity(left) > 0n) return left
  throw invalid(path, `nothing of range ${formatRange(range)} is left without the addresses of exclude`)
}

/**
 * Reads a set of ranges: one or more, of one family, none overlapping another.
 * @param index the set's number among all sets, for the error
 * @throws CniError of code 7
 */
export function parseRangeSet(configs: readonly RangeConfig[], path: string, index: number): RangeSet {
  const set = configs.flatMap((config, at) => withHoles(config, `${path}[${at}]`))
  const reject = (why: string) => invalid(path, `invalid range set ${index}: ${why}`)
  const [first] = set
  if (!first) throw reject('empty range set')
  if (set.some(({ subnet }) => subnet.address.family !== first.subnet.address.family))
    throw reject('mixed address families')
  const clash = findOverlap(set, overlaps)
  if (clash) throw reject(`subnets ${formatRange(clash[0])} and ${formatRange(clash[1])} overlap`)
  return set
}

/**
 * Refuses an empty list of sets, and sets that share addresses.
 * @throws CniError of code 7
 */
export function requireDistinct(sets: readonly RangeSet[]): void {
  if (sets.length === 0)
    throw invalid('ipam', 'no IP ranges specified', 'give ipam.ranges, as [[{"subnet": "10.1.2.0/24"}]]')
  const clash = findOverlap(sets, setsOverlap)
  if (clash)
    throw invalid(
      'ipam.ranges',
      `range set ${sets.indexOf(clash[0])} overlaps with ${sets.indexOf(clash[1])}`,
      `${formatRangeSet(clash[0])} and ${formatRangeSet(clash[1])} share addresses`,
    )
}

function findOverlap<T>(items: readonly T[], overlap: (one: T, other: T) => boolean): [T, T] | undefined {
  for (const [at, one] of items.entries())
    for (const other of items.slice(at + 1)) if (overlap(one, other)) return [one, other]
  return undefined
}

/** Whether two ranges share an address. */
export function overlaps(one: Bounds, other: Bounds): boolean {
  return includes(one, other.start) || includes(one, other.end) || includes(other, one.start)
}

function setsOverlap(one: RangeSet, other: RangeSet): boolean {
  return one.some((range) => other.some((another) => overlaps(range, another)))
}

/** Whether an address lies between a range's start and end. */
export function includes({ start, end }: Bounds, { family, value }: Address): boolean {
  return family === start.family && value >= start.value && value <= end.value
}

/** The range of a set in whose subnet an address lies, unless it is excluded: for one that was requested, the range itself may not have it. */
export function rangeAround(set: RangeSet, address: Address): Range | undefined {
  if (set.some(({ excluded = [] }) => excluded.some((hole) => includes(hole, address)))) return undefined
  return rangeOf(set, address) ?? set.find(({ subnet }) => contains(subnet, address))
}

/** The range of a set that an address lies in. */
export function rangeOf(set: RangeSet, address: Address): Range | undefined {
  return set.find((range) => includes(range, address))
}

/** The special role of an address, which no container may have; undefined for an ordinary address. */
export function roleOf(set: RangeSet, address: Address): 'gateway' | 'network' | 'broadcast' | undefined {
  if (set.some(({ gateway }) => gateway && sameAddress(gateway, address))) return 'gateway'
  // The parts of one range have one subnet.
  const subnets = [...new Set(set.map(({ subnet }) => subnet))].filter((subnet) => !isWhole(subnet))
  if (subnets.some((subnet) => sameAddress(networkOf(subnet), address))) return 'network'
  if (address.family === 4 && subnets.some((subnet) => sameAddress(lastOf(subnet), address)))
    return 'broadcast'
  return undefined
}

/** The number of addresses that a set can give. */
export function capacity(set: RangeSet): bigint {
  const size = set.reduce((sum, { start, end }) => sum + end.value - start.value + 1n, 0n)
  const lost = specialsOf(set).filter((address) => rangeOf(set, address))
  return size - BigInt(new Set(lost.map(({ value }) => value)).size)
}

/** Gateways, network and broadcast addresses of a set. The parts of one range have the same: there may be hundreds of them. */
export function specialsOf(set: RangeSet): Address[] {
  const gateways = new Set(set.flatMap(({ gateway }) => gateway ?? []))
  const subnets = new Set(set.map(({ subnet }) => subnet))
  const ends = [...subnets].flatMap((subnet) => [networkOf(subnet), lastOf(subnet)])
  return [...gateways, ...ends].filter((address) => roleOf(set, address))
}

export function formatRange({ start, end }: Bounds): string {
  return `${formatAddress(start)}-${formatAddress(end)}`
}

export function formatRangeSet(set: RangeSet): string {
  return set.map(formatRange).join(',')
}

function invalid(path: string, msg: string, hint?: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg: `${path}: ${msg}`, hint })
}
