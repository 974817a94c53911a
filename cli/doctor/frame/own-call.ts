/** Commands of this executable that mend a fault. */

import { readLink } from '../../../shared/kernel/files.ts'
import { word } from '../../form/shell.ts'

/** A call of this executable, by its path: it need not be in the PATH. @param words as for the shell */
export function patchbay(words: string): string {
  return `${word(readLink('/proc/self/exe') ?? 'patchbay')} ${words}`
}

/** The call that installs the plugins. @param to a directory @param more further flags */
export const install = (to: string, more = ''): string => patchbay(`install --to ${word(to)}${more}`)
