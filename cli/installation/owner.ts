/** Whose the names in a directory of plugins are: an installation changes only its own. */

import { readDirectoryIfAny, readLink } from '../../shared/kernel/files.ts'
import { isKind, Kind, lstat, type Stat } from '../../shared/kernel/stat.ts'
import { checksumOf } from './checksum.ts'
import { executable, ownFolder, pluginNames, replacedFolder } from './places.ts'
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

/** Whose the name `patchbay` is. An executable is ours beside one of our links, also without a manifest, or with the folder that an install makes first. */
export function ownerOfExecutable(directory: string): Owner {
  const path = `${directory}/${executable}`
  const found = lstat(path)
  if (!found) return 'absent'
  if (isKind(found, Kind.SYMLINK)) return 'foreign'
  if (!isKind(found, Kind.REGULAR)) return 'directory'
  if (machineOf(path) === 'no executable' || isOnlyKept(directory, found)) return 'foreign'
  return hasBegun(directory) || pluginNames().some((name) => ownerOf(directory, name) === 'ours')
    ? 'ours'
    : 'foreign'
}

/** An install with `--replace` has been interrupted: it has given the other program its second name, and not yet taken the first. */
function isOnlyKept(directory: string, { inode, device }: Stat): boolean {
  const kept = lstat(`${replacedFolder(directory)}/${executable}`)
  return kept?.inode === inode && kept.device === device
}

/** Whether an install has come as far as the executable. Before it, it may have made an empty folder of replaced plugins. */
function hasBegun(directory: string): boolean {
  if (!lstat(ownFolder(directory))) return false
  const isEmpty = readDirectoryIfAny(replacedFolder(directory)).length === 0
  return !isEmpty || readDirectoryIfAny(ownFolder(directory)).every(({ name }) => name !== 'replaced')
}
