/** Whose the names in a directory of plugins are: an installation changes only its own. */

import { readLink } from '../../shared/kernel/files.ts'
import { isKind, Kind, lstat, type Stat } from '../../shared/kernel/stat.ts'
import { checksumOf } from './checksum.ts'
import { executable } from './places.ts'
import { machineOf } from './source.ts'

/** `other` is a directory, or a file that is neither ours nor could be kept. */
export type Owner = 'absent' | 'ours' | 'foreign' | 'directory'

/** Whose a plugin's name is: ours are links to `patchbay`, and copies of it, as `cp -L` makes them. */
export function ownerOf(directory: string, name: string): Owner {
  const path = `${directory}/${name}`
  const found = lstat(path)
  if (!found) return 'absent'
  if (isKind(found, Kind.SYMLINK)) return readLink(path) === executable ? 'ours' : 'foreign'
  if (!isKind(found, Kind.REGULAR)) return 'directory'
  return isCopy(path, found, `${directory}/${executable}`) ? 'ours' : 'foreign'
}

function isCopy(path: string, found: Stat, original: string): boolean {
  const other = lstat(original)
  if (!other || !isKind(other, Kind.REGULAR) || other.size !== found.size) return false
  return (
    (other.inode === found.inode && other.device === found.device) ||
    checksumOf(path) === checksumOf(original)
  )
}

/** Whose the name `patchbay` is. A release before this command copied it without a manifest, so any executable is ours. */
export function ownerOfExecutable(directory: string): Owner {
  const path = `${directory}/${executable}`
  const found = lstat(path)
  if (!found) return 'absent'
  if (isKind(found, Kind.SYMLINK)) return 'foreign'
  if (!isKind(found, Kind.REGULAR)) return 'directory'
  return machineOf(path) === 'no executable' ? 'foreign' : 'ours'
}
