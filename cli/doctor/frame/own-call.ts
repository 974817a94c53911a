/** Words of the commands that mend a fault. */

import { readLink } from '../../../shared/kernel/files.ts'

/** A word for a shell: quoted, unless it has only characters that mean themselves. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** A call of this executable, by its path: it need not be in the PATH. @param words as for the shell */
export function patchbay(words: string): string {
  return `${word(readLink('/proc/self/exe') ?? 'patchbay')} ${words}`
}
