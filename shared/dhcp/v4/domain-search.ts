/** The search list, option 119 (RFC 3397): domain names as in DNS, where an end of a name can be a pointer to an earlier one. */

import { isLabel } from '../../ip/names.ts'

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
    const name = nameAt(value, at, LONGEST)
    if (!name || name.labels.length === 0) return undefined
    names.push(name.labels.join('.'))
    at = name.next
  }
  return names.length > 0 ? names : undefined
}

/** @param left how many bytes the name can still have; a pointer counts as one, so their number is bounded, too */
function nameAt(value: Buffer, start: number, left: number): Name | undefined {
  const labels: string[] = []
  let at = start
  for (let size = value[at] ?? 0; size > 0 && size < POINTER; size = value[at] ?? 0) {
    labels.push(value.toString('utf8', at + 1, at + 1 + size))
    at += 1 + size
  }
  const room = left - (at - start) - 1
  if (room < 0 || !labels.every(isLabel)) return undefined
  if (value[at] === 0) return { labels, next: at + 1 }
  const rest = at + 1 < value.length ? pointedAt(value.readUInt16BE(at), value, start, room) : undefined
  return rest && { labels: [...labels, ...rest.labels], next: at + 2 }
}

/** A pointer leads before the part of a name that it ends (RFC 1035 section 4.1.4), so none can lead to itself. */
function pointedAt(pointer: number, value: Buffer, start: number, left: number): Name | undefined {
  const target = pointer & 0x3fff
  return target < start ? nameAt(value, target, left) : undefined
}
