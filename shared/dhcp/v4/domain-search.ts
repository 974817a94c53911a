/** The search list, option 119 (RFC 3397): domain names as in DNS, where an end of a name can be a pointer to an earlier one. */

import { isLabel } from './values.ts'

const POINTER = 0xc0
/** The longest name as bytes, lengths included (RFC 1035 section 2.3.4). */
const LONGEST = 255
/** No resolver has use for more. */
const mostNames = 32

interface Name {
  labels: string[]
  /** Where the next name begins. */
  next: number
}

/** The names, the first 32 at most; undefined when one is cut off, too long, no domain name, or points to itself or forwards. */
export function parseDomainSearch(value: Buffer): string[] | undefined {
  const names: string[] = []
  for (let at = 0; at < value.length && names.length < mostNames; ) {
    const name = nameAt(value, at)
    if (!name || name.labels.length === 0) return undefined
    names.push(name.labels.join('.'))
    at = name.next
  }
  return names.length > 0 ? names : undefined
}

/** A pointer leads before the part of the name that it ends, so each jump goes further back and none is done twice (RFC 1035 section 4.1.4). */
function nameAt(value: Buffer, start: number): Name | undefined {
  const labels: string[] = []
  let [at, begin, length, next] = [start, start, 1, -1]
  for (;;) {
    const size = value[at]
    if (size === undefined) return undefined
    if (size >= POINTER) {
      const target = ((size & ~POINTER) << 8) | (value[at + 1] ?? 0xff)
      if (next < 0) next = at + 2
      if (next > value.length || target >= begin) return undefined
      at = target
      begin = target
      continue
    }
    if (size === 0) return { labels, next: next < 0 ? at + 1 : next }
    const label = value.toString('utf8', at + 1, at + 1 + size)
    length += 1 + size
    if (at + 1 + size > value.length || length > LONGEST || !isLabel(label)) return undefined
    labels.push(label)
    at += 1 + size
  }
}
