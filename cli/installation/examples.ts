/** The networks of conf-examples, which the executable contains: `--conf NAME` writes them for a runtime. */

import { CniError, Code } from '../../shared/error/error.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { lstat, stat } from '../../shared/kernel/stat.ts'
import { didYouMean } from '../form/slip.ts'
import { type Change, newDirectory, newFile } from './change.ts'

/** Put in by the build. */
declare const __EXAMPLES__: Readonly<Record<string, string>> | undefined

/** By their file names. */
export const examples = typeof __EXAMPLES__ === 'undefined' ? {} : __EXAMPLES__

/** A name without its number and ending: `bridge` for `10-bridge.conflist`. */
const short = (file: string) => file.replace(/^\d+-|\.conflist$/g, '')

/** The file that a name means: `10-bridge.conflist`, `10-bridge` or `bridge`. @throws CniError with the names that there are */
function fileOf(name: string): string {
  const files = Object.keys(examples)
  const found = files.find((file) => [file, file.replace(/\.conflist$/, ''), short(file)].includes(name))
  if (found) return found
  const names = files.map(short)
  throw new CniError(Code.InvalidEnvironment, {
    msg: `no example network ${JSON.stringify(name)}${didYouMean(name, names)}`,
    details: `there are ${names.join(', ')}`,
  })
}

/** The changes that write networks into a directory. @throws CniError when a different file has the name of one */
export function networks(directory: string, names: readonly string[]): Change[] {
  const files = [...new Set(names.map(fileOf))]
  const taken = files.filter((file) => isTaken(`${directory}/${file}`, examples[file] as string))
  if (taken.length > 0) throw inTheWay(directory, taken)
  const missing = files.filter((file) => !lstat(`${directory}/${file}`))
  const changes = missing.map((file) => newFile(`${directory}/${file}`, examples[file] as string))
  return changes.length > 0 && !stat(directory) ? [newDirectory(directory), ...changes] : changes
}

function isTaken(path: string, text: string): boolean {
  return lstat(path) !== undefined && (!stat(path) || readRegular(path) !== text)
}

function inTheWay(directory: string, files: readonly string[]): CniError {
  return new CniError(Code.IoFailure, {
    msg: `a different file has the name of an example in ${directory}: ${files.join(', ')}`,
    hint: 'nothing was changed; rename or remove it, or leave it out of --conf',
  })
}
