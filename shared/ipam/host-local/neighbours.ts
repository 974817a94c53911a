/**
 * Networks whose ranges share addresses on one wire. Each has reservations of its own, so both would give the same address.
 * On wires of their own, networks may well use the same ranges; so each says beside its index on which wire it is.
 */

import { parseAddress } from '../../ip/address.ts'
import { bootId } from '../../kernel/boot.ts'
import { KernelError, tolerate } from '../../kernel/errno.ts'
import { readDirectory, readFileIfAny } from '../../kernel/files.ts'
import { overwrite } from '../../kernel/in-place.ts'
import { type Bounds, formatRange, overlaps, type RangeSet } from '../range.ts'
import { indexHome } from './index.ts'
import { hasRecords } from './records.ts'

/** The keys that tell the wires of a kind of network apart. Of other kinds nothing is known for certain. */
const wireKeys: Record<string, readonly string[]> = {
  bridge: ['bridge', 'vlan'],
  ipvlan: ['master'],
  macvlan: ['master'],
  ptp: [],
  vlan: ['master', 'vlanId', 'tags'],
  vxlan: ['vni', 'bridge'],
}

/** Where the containers of a network meet, in words that are the same for all networks there; undefined for who knows where. */
export function wireOf(raw: Record<string, unknown>): string | undefined {
  const type = String(raw.type)
  const keys = Object.hasOwn(wireKeys, type) ? wireKeys[type] : undefined
  if (!keys || raw.linkInContainer) return undefined
  const own = raw.bridge === undefined && type === 'bridge' ? { ...raw, bridge: 'cni0' } : raw
  const values = keys.flatMap((key) => (own[key] === undefined ? [] : `${key} ${JSON.stringify(own[key])}`))
  return [type, ...values].join(', ')
}

const placeOf = (directory: string) => `${indexHome(directory)}/wire`

/** Lets other networks know where this one gives addresses. It is of no weight should it not be written. */
export function announce(directory: string, wire: string | undefined, sets: readonly RangeSet[]): void {
  if (wire === undefined) return
  try {
    const text = [bootId(), wire, ...sets.flat().map(formatRange)].join('\n')
    if (readFileIfAny(placeOf(directory)) !== text) overwrite(placeOf(directory), text)
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
  }
}

/** Another network on the wire that has containers, and a range of its that shares addresses with one of ours. */
export interface Clash {
  directory: string
  own: string
  other: string
}

/** The first of the networks beside this one that clash with it. */
export function findClash(
  directory: string,
  wire: string | undefined,
  sets: readonly RangeSet[],
): Clash | undefined {
  if (wire === undefined) return undefined
  for (const sibling of siblings(directory)) {
    const others = rangesOn(wire, sibling)
    for (const own of sets.flat()) {
      const other = others.find((bounds) => overlaps(own, bounds))
      if (other && hasRecords(sibling))
        return { directory: sibling, own: formatRange(own), other: formatRange(other) }
    }
  }
  return undefined
}

/** The directories of the other networks that have an index. */
function siblings(directory: string): string[] {
  const [indexes, network] = split(indexHome(directory))
  const [dataDir] = split(directory)
  const names = (tolerate(() => readDirectory(indexes), 'ENOENT', 'ENOTDIR') ?? []).map(({ name }) => name)
  return names
    .filter((name) => name !== network)
    .sort()
    .map((name) => `${dataDir}/${name}`)
}

function split(path: string): [string, string] {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash), path.slice(slash + 1)]
}

/** The ranges that a network uses on a wire in this boot; one that is of an earlier boot may be no more. */
function rangesOn(wire: string, directory: string): Bounds[] {
  const text = tolerate(() => readFileIfAny(placeOf(directory)), 'ENOTDIR') ?? ''
  const [boot, where, ...ranges] = text.split('\n')
  if (boot !== bootId() || where !== wire) return []
  return ranges.flatMap((range) => {
    const [start, end] = range.split('-').map(parseAddress)
    return start && end ? [{ start, end }] : []
  })
}
