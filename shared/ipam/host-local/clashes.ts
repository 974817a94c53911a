/**
 * Finds networks whose ranges share addresses on one segment: their reservations are separate, so both could give the same
 * address. On different segments the same ranges are allowed: each network writes its segment to a file beside its index.
 */

import { parseAddress } from '../../ip/address.ts'
import { bootId } from '../../kernel/boot.ts'
import { KernelError } from '../../kernel/errno.ts'
import { readDirectoryIfAny } from '../../kernel/files.ts'
import { overwrite } from '../../kernel/in-place.ts'
import { readOwnIfAny } from '../../kernel/regular.ts'
import { type Bounds, formatRange, overlaps, type RangeSet } from '../range.ts'
import { indexHome } from './index.ts'
import { hasRecords } from './records.ts'

const placeOf = (directory: string) => `${indexHome(directory)}/segment`

/** The text of a network's file; empty without one. */
const readSegment = (directory: string) => readOwnIfAny(placeOf(directory))?.toString() ?? ''

/** Writes the segment and the ranges of a network for the others. A write error is ignored: only STATUS reads the file. */
export function writeRanges(directory: string, segment: string | undefined, sets: readonly RangeSet[]): void {
  if (segment === undefined) return
  try {
    const text = [bootId(), segment, ...sets.flat().map(formatRange)].join('\n')
    if (readSegment(directory) !== text) overwrite(placeOf(directory), text)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
}

/** Another network on the segment that has containers, and two ranges, ours and its, that share addresses. */
export interface Clash {
  directory: string
  own: string
  other: string
}

/** The first other network in the same dataDir that clashes with this one. */
export function findClash(
  directory: string,
  segment: string | undefined,
  sets: readonly RangeSet[],
): Clash | undefined {
  if (segment === undefined) return undefined
  for (const sibling of siblings(directory)) {
    const others = rangesOn(segment, sibling)
    for (const own of sets.flat()) {
      const other = others.find((bounds) => overlaps(own, bounds))
      if (other && hasRecords(sibling))
        return { directory: sibling, own: formatRange(own), other: formatRange(other) }
    }
  }
  return undefined
}

/** The directories of the other networks that have an index. */
export function siblings(directory: string): string[] {
  const [indexes, network] = split(indexHome(directory))
  const [dataDir] = split(directory)
  const names = readDirectoryIfAny(indexes).map(({ name }) => name)
  return names
    .filter((name) => name !== network)
    .sort()
    .map((name) => `${dataDir}/${name}`)
}

function split(path: string): [string, string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash), path.slice(slash + 1)]
}

/** The ranges that a network uses on a segment in this boot. A file of an earlier boot is ignored. */
function rangesOn(segment: string, directory: string): Bounds[] {
  const [written, where, ...ranges] = readSegment(directory).split('\n')
  if (written !== bootId() || where !== segment) return []
  return ranges.flatMap((range) => {
    const [start, end] = range.split('-').map(parseAddress)
    return start && end ? [{ start, end }] : []
  })
}
