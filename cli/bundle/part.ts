/** One file of a bundle: a name, where it is from, and how it is read. */

import { maximum } from './read.ts'

export interface Part {
  /** Path in the bundle. */
  name: string
  /** The file or the command that says the same. */
  source: string
  /** Whether Patchbay itself wrote it: its keys named `key` are no secrets. */
  isOurs?: boolean
  /** @throws what says why it is left out */
  read(): Content | Promise<Content>
}

/** A text; `cut` says what of it is missing. */
export interface Content {
  text: string
  cut?: string
}

/** A text of at most the largest size. */
export function content(text: string): Content {
  if (text.length <= maximum) return { text }
  return { text: text.slice(0, maximum), cut: `the first ${maximum} of ${text.length} characters` }
}

/** A value as JSON. */
export function json(name: string, source: string, read: () => unknown): Part {
  return { name, source, isOurs: true, read: () => content(`${JSON.stringify(read(), plainValue, 2)}\n`) }
}

/** What JSON does not have: big numbers become texts, bytes hexadecimal digits. */
function plainValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  // What Node's buffers become before they come here.
  const { type, data } = (value ?? {}) as { type?: unknown; data?: unknown }
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data).toString('hex') : value
}
