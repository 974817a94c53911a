/** The command line of `install` and `uninstall`. A slip is refused with the flag that is meant. */

import { nearest } from '../../shared/config/near.ts'
import { CniError, Code } from '../../shared/error/error.ts'

/** How a flag takes values: none, one, one that may follow `=` alone, or all words to the next flag. */
export type Kind = 'none' | 'one' | 'optional' | 'many'

/** The flags that were given, each with its values. */
export type Given = ReadonlyMap<string, readonly string[]>

/** A command line that is wrong; the exit status is 2. */
export function misuse(msg: string, hint = 'patchbay help'): CniError {
  return new CniError(Code.InvalidEnvironment, { msg, hint })
}

/** Reads a command line. @throws CniError for an unknown flag, a missing value, a word too many */
export function parse(words: readonly string[], flags: Readonly<Record<string, Kind>>): Given {
  const given = new Map<string, readonly string[]>()
  for (let at = 0; at < words.length; ) {
    const [flag = '', value] = split(words[at++] as string)
    const kind = Object.hasOwn(flags, flag) ? flags[flag] : undefined
    if (!kind) throw unknown(flag, Object.keys(flags))
    if (kind === 'none' && value !== undefined) throw misuse(`${flag} takes no value`)
    const values = value === undefined ? [] : [value]
    const most = value !== undefined ? 0 : { none: 0, optional: 0, one: 1, many: words.length }[kind]
    while (values.length < most && at < words.length && !words[at]?.startsWith('-'))
      values.push(words[at++] as string)
    if ((kind === 'one' || kind === 'many') && values.length === 0) throw misuse(`${flag} needs a value`)
    for (const one of values) validate(flag, one)
    given.set(flag, [...(given.get(flag) ?? []), ...values])
  }
  return given
}

function split(word: string): [flag: string, value?: string] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)]
}

function validate(flag: string, value: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (value === '' || /[\u0000-\u001f\u007f]/.test(value))
    throw misuse(`${flag}: ${JSON.stringify(value)} is no name of a file`)
}

function unknown(word: string, flags: readonly string[]): CniError {
  const meant = nearest(word, flags)
  const what = word.startsWith('-') ? 'unknown flag' : 'unexpected word'
  return misuse(`${what} ${JSON.stringify(word)}${meant ? `, did you mean ${meant}?` : ''}`)
}
