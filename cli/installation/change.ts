/** The changes that installing makes. Each is atomic, and leaves under a name what works, whenever it is interrupted. */

import { sync, syncFile, writeFile } from '../../shared/kernel/durable.ts'
import {
  ANEW,
  link,
  makeDirectory,
  makeLink,
  Open,
  remove,
  rename,
  withFile,
  writeAll,
} from '../../shared/kernel/files.ts'
import { must } from '../../shared/kernel/syscall.ts'
import { readParts } from './checksum.ts'
import { ownFolder, replacedFolder } from './places.ts'

/** A change, and the line that says what it does. */
export interface Change {
  says: string
  make(): void
}

/** Makes a directory with its parents. */
export function newDirectory(path: string): Change {
  return { says: `make directory ${path}`, make: () => makeDirectory(path) }
}

/** Puts an executable in place by renaming it: a call finds the old one or the new one, whole, and "text file busy" cannot occur. */
export function placeExecutable(directory: string, from: string, to: string, says: string): Change {
  const temporary = `${ownFolder(directory)}/new`
  return { says, make: () => withoutRest(temporary, () => copyAndRename(from, temporary, to, directory)) }
}

function copyAndRename(from: string, temporary: string, to: string, directory: string): void {
  makeDirectory(ownFolder(directory))
  remove(temporary)
  withFile(temporary, ANEW, (fd) => {
    withFile(from, Open.RDONLY, (source) => readParts(source, from, (part) => writeAll(fd, part, temporary)))
    must(`chmod ${temporary}`, 'fchmod', fd, 0o755)
    syncFile(fd, temporary)
  })
  rename(temporary, to)
  sync(`${directory}/.`)
}

/** Removes a temporary file when an action fails. */
function withoutRest(temporary: string, action: () => void): void {
  try {
    action()
  } catch (error) {
    remove(temporary)
    throw error
  }
}

/** Makes a symlink in place of what has its name. @param temporary a path on the same file system */
export function placeLink(path: string, target: string, temporary: string): Change {
  const make = () => {
    makeDirectory(temporary.slice(0, temporary.lastIndexOf('/')))
    remove(temporary)
    makeLink(temporary, target)
    rename(temporary, path)
  }
  return { says: `link ${path} to ${target}`, make }
}

/** Gives another program's plugin a second name in the folder of replaced ones. Its own name stays until a link replaces it. */
export function keep(directory: string, name: string): Change {
  const [path, kept] = [`${directory}/${name}`, `${replacedFolder(directory)}/${name}`]
  const make = () => {
    makeDirectory(replacedFolder(directory))
    remove(kept)
    link(path, kept)
  }
  return { says: `keep ${path} as ${kept}`, make }
}

/** Puts a replaced plugin back, in place of our link. */
export function putBack(directory: string, name: string): Change {
  const [path, kept] = [`${directory}/${name}`, `${replacedFolder(directory)}/${name}`]
  return { says: `put back ${path}`, make: () => rename(kept, path) }
}

export function removal(path: string): Change {
  return { says: `remove ${path}`, make: () => void remove(path) }
}

/** Writes a file for all to read. */
export function newFile(path: string, text: string): Change {
  return { says: `write ${path}`, make: () => writeFile(path, text, 0o644) }
}
