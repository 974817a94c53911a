/** A pool's definition as an operator writes it: ranges and block sizes that fit together. */

import { families, formatAddress, parseAddress, width } from '../../shared/ip/address.ts'
import { formatCidr, parseCidr } from '../../shared/ip/subnet.ts'
import { formatRange, overlaps, type RangeConfig } from '../../shared/ipam/range.ts'
import type { PoolDefinition } from '../../shared/store/pool.ts'
import { misuse } from '../form/arguments.ts'
import { quoted } from '../form/slip.ts'
import { compared } from '../form/sort.ts'
import { partsOf, readRange } from './range-word.ts'

/** What an operator says of a pool. */
export type Plan = Pick<PoolDefinition, 'ranges' | 'blockSize'>

/** Ranges as the words of `--range` say. @throws CniError `misuse` for the first fault */
export function rangesOf(words: readonly string[]): RangeConfig[] {
  const ranges = words.map(readRange)
  for (const range of ranges) partsOf(range)
  return ranges
}

/**
 * The plan in the one form that is compared and written: canonical addresses, ranges in the order of their addresses.
 * @throws CniError `misuse` when a block is larger than a subnet, or ranges share addresses
 */
export function planOf(ranges: readonly RangeConfig[], blockSize: Plan['blockSize']): Plan {
  if (ranges.length === 0) throw misuse('a pool needs a range', '--range 10.1.0.0/16')
  for (const range of ranges) requireFitting(range, blockSize)
  requireApart(ranges)
  return { ranges: ranges.map(canonical).sort(byText), blockSize }
}

/** Reads `--block-size` and `--block-size6`. @throws CniError `misuse` */
export function sizeOf(flag: string, word: string | undefined, otherwise: number): number {
  const [least, most] = flag === '--block-size' ? [8, 32] : [48, 128]
  if (word === undefined) return otherwise
  const size = Number(word.replace(/^\//, ''))
  if (Number.isInteger(size) && size >= least && size <= most) return size
  throw misuse(`${flag} ${quoted(word)}: a prefix length from ${least} to ${most}, such as ${otherwise}`)
}

function requireFitting({ subnet }: RangeConfig, { ipv4, ipv6 }: Plan['blockSize']): void {
  const cidr = parseCidr(subnet)
  if (!cidr) return
  const isIPv4 = cidr.address.family === 4
  const size = isIPv4 ? ipv4 : ipv6
  if (size >= cidr.prefix) return
  throw misuse(
    `--range ${subnet}: a block of /${size} is larger than the subnet`,
    `give ${isIPv4 ? '--block-size' : '--block-size6'} of ${Math.min(cidr.prefix + 2, isIPv4 ? 32 : 128)} or so: each host takes whole blocks`,
  )
}

function requireApart(ranges: readonly RangeConfig[]): void {
  const parts = ranges.flatMap((range, at) => partsOf(range).map((part) => ({ at, part })))
  for (const one of parts)
    for (const other of parts)
      if (one.at < other.at && overlaps(one.part, other.part))
        throw misuse(`--range: ${formatRange(one.part)} and ${formatRange(other.part)} share addresses`)
}

/** With the keys of a newer version, if there are any. */
function canonical({ subnet, rangeStart, rangeEnd, gateway, exclude, ...others }: RangeConfig): RangeConfig {
  return {
    subnet: sameForm(subnet),
    ...(rangeStart !== undefined && { rangeStart: sameForm(rangeStart) }),
    ...(rangeEnd !== undefined && { rangeEnd: sameForm(rangeEnd) }),
    ...(gateway !== undefined && { gateway: sameForm(gateway) }),
    ...(exclude !== undefined && { exclude: [...new Set(exclude.map(sameForm))].sort(compared) }),
    ...others,
  }
}

/** A subnet or an address in the form in which they are compared. */
export function sameForm(text: string): string {
  const cidr = parseCidr(text)
  if (cidr) return formatCidr(cidr)
  const address = parseAddress(text)
  return address ? formatAddress(address) : text
}

const textOf = (range: RangeConfig) => JSON.stringify(canonical(range))

const byText = (one: RangeConfig, other: RangeConfig) => compared(textOf(one), textOf(other))

/** Whether two plans are the same. The block size of a family without ranges does not count. */
export function samePlan(one: Plan, other: Plan): boolean {
  const keyOf = ({ ranges, blockSize }: Plan) => [
    ...ranges.map(textOf).sort(compared),
    ...families
      .filter((family) => ranges.some(({ subnet }) => parseCidr(subnet)?.address.family === family))
      .map((family) => `${width(family)} ${family === 4 ? blockSize.ipv4 : blockSize.ipv6}`),
  ]
  return keyOf(one).join('\n') === keyOf(other).join('\n')
}

/** A range in the words of `--range`. */
export function rangeText({ subnet, rangeStart, rangeEnd, gateway, exclude = [] }: RangeConfig): string {
  return [
    subnet,
    ...(gateway !== undefined ? [`gateway=${gateway}`] : []),
    ...(rangeStart !== undefined ? [`start=${rangeStart}`] : []),
    ...(rangeEnd !== undefined ? [`end=${rangeEnd}`] : []),
    ...exclude.map((text) => `exclude=${text}`),
  ].join(',')
}
