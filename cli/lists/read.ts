/** Reads the files to validate: named ones, those of directories, or standard input. */

import { readInput } from '../../shared/cni/input.ts'
import { readDirectoryIfAny } from '../../shared/kernel/files.ts'
import { readRegular } from '../../shared/kernel/regular.ts'
import { isKind, Kind, stat } from '../../shared/kernel/stat.ts'
import { configurationFiles } from '../host/networks.ts'
import { type Fault, faultOf, type Source, warning } from './finding.ts'

/** The word that stands for standard input. */
const dash = '-'

const defaults = ['/etc/cni/net.d', '/etc/containers/networks']

/** A file that may be read, and the directory that it was found in. */
export interface Named {
  file: string
  directory?: string
}

/** The files that words name; without words those of CNI and of podman. A directory without files is returned as it is. */
export function filesOf(words: readonly string[]): Named[] {
  const paths = words.length > 0 ? words : defaults.filter((path) => readDirectoryIfAny(path).length > 0)
  const named = paths.flatMap((path) => (path === dash ? [{ file: dash }] : filesAt(path)))
  return [...new Map(named.map((one) => [one.file, one])).values()]
}

function filesAt(path: string): Named[] {
  const found = stat(path)
  if (!found || !isKind(found, Kind.DIRECTORY)) return [{ file: path }]
  const directory = path.replace(/(.)\/+$/, '$1')
  // Runtimes skip directories, whatever their names.
  const folders = new Set(
    readDirectoryIfAny(directory)
      .filter((one) => one.directory)
      .map(({ name }) => name),
  )
  return configurationFiles(directory)
    .filter((file) => !folders.has(file.slice(directory.length + 1)))
    .map((file) => ({ file, directory }))
}

/** The text of a file, and what is wrong with its bytes. */
export function readSource(file: string): { source: Source; faults: Fault[] } {
  try {
    const text = file === dash ? readInput() : readRegular(file)
    const name = file === dash ? 'standard input' : file
    return { source: { file: name, text }, faults: badBytes(text) }
  } catch (error) {
    return { source: { file, text: '' }, faults: [faultOf(error)] }
  }
}

/** What is no UTF-8 becomes this character. */
const replacement = '\ufffd'

function badBytes(text: string): Fault[] {
  const offset = text.indexOf(replacement)
  if (offset < 0) return []
  const fault = warning(
    'here are bytes that are no UTF-8: a runtime reads U+FFFD in their place',
    'save the file as UTF-8',
  )
  return [{ ...fault, offset }]
}
