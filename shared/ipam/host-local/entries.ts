/** An entry of the index: what we know of an attachment besides the reference's records, as a name and a line of text. */

import { hashedName } from '../../cni/identity.ts'
import type { Netns } from './netns.ts'
import type { Holder } from './records.ts'

export interface Entry {
  /** The container's namespace, when known. */
  netns?: Netns
  /** The name under which its addresses are kept after DEL. */
  sticky?: string
  /** The time of each record's last change, nanoseconds since the epoch, by the name of its file. */
  addresses: Record<string, string>
}

/** The name of an attachment's entry, valid as a file name. Records of old releases have no interface name. */
export function entryName({ containerID, ifname = '' }: Partial<Holder>): string {
  const name = `${containerID}:${ifname}`.replace(/[^\w.:-]/g, encodeURIComponent)
  return name.length <= 255 ? name : hashedName('#', name)
}

/** An entry as ASCII text. */
export function formatEntry(entry: Entry): string {
  const text = JSON.stringify(entry)
  return text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** @returns undefined for a damaged entry: the call goes on without it */
export function parseEntry(text: string | undefined): Entry | undefined {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text)
    return isEntry(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** By hand: a call reads an entry in microseconds, and would load a schema for it. */
function isEntry(value: unknown): value is Entry {
  if (!isObject(value)) return false
  const { netns, sticky, addresses } = value
  return isTexts(addresses) && isTextIfAny(sticky) && (netns === undefined || isNetns(netns))
}

function isNetns(value: unknown): boolean {
  return isObject(value) && typeof value.path === 'string' && typeof value.inode === 'string'
}

/** Whether all values of an object are texts. */
function isTexts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string')
}

function isTextIfAny(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
