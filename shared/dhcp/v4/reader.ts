/** Reads the options of a message; what is malformed is as if it were not there, and is said in a warning. */

import { note, type Seen } from '../exchange.ts'
import type { Message4 } from './message.ts'
import { codeOf, type OptionName, optionOf } from './options.ts'

export interface Reader {
  message: Message4
  warnings: Seen
}

/** @param parse undefined for a malformed value */
export function read<T>(
  reader: Reader,
  name: OptionName,
  parse: (value: Buffer) => T | undefined,
): T | undefined {
  const { message, warnings } = reader
  if (!message.options.has(codeOf(name))) return undefined
  const value = optionOf(message.options, name)
  const parsed = value && parse(value)
  if (parsed === undefined) note(warnings, `option ${codeOf(name)} (${name}) is malformed, so it is ignored`)
  return parsed
}
