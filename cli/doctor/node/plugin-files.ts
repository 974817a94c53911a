/** The files of plugins in the directories where runtimes look. */

import { architecture } from '#engine'
import { oncePer } from '../../../shared/config/once.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { readDirectoryIfAny, readLink } from '../../../shared/kernel/files.ts'
import { isKind, Kind, lstat, stat } from '../../../shared/kernel/stat.ts'
import { machineOf } from '../../installation/source.ts'
import type { View } from '../frame/fault.ts'
import { listDirectories, searchesOf } from './lists.ts'

/** What is wrong with a file: a link that leads nowhere, no permission to execute it, another processor's program. */
export type Problem = 'dangling' | 'not executable' | 'other processor'

export interface PluginFile {
  directory: string
  name: string
  path: string
  /** What a link says. */
  target?: string
  problem?: Problem
  /** The processor of an executable, `no executable` for a script. */
  machine: string
  mode: number
}

/** The files of each directory where a runtime looks for plugins. @throws KernelError */
export const pluginFilesOf: (view: View) => Map<string, PluginFile[]> = oncePer((view: View) => {
  const directories = listDirectories(view).flatMap((one) =>
    searchesOf(one).flatMap((search) => search.directories),
  )
  return new Map([...new Set(directories)].map((directory) => [directory, filesIn(directory)]))
})

function filesIn(directory: string): PluginFile[] {
  return readDirectoryIfAny(directory).flatMap(({ name, directory: isDirectory }) => {
    const found = isDirectory || name.startsWith('.') ? undefined : fileAt(directory, name)
    return found ?? []
  })
}

function fileAt(directory: string, name: string): PluginFile | undefined {
  const path = `${directory}/${name}`
  const own = lstat(path)
  if (!own) return undefined
  const target = isKind(own, Kind.SYMLINK) ? readLink(path) : undefined
  const found = stat(path)
  if (found && !isKind(found, Kind.REGULAR)) return undefined
  const machine = found ? machineIn(path) : ''
  const mode = found?.mode ?? 0
  return {
    directory,
    name,
    path,
    target,
    machine,
    mode,
    problem: problemOf(found !== undefined, machine, mode),
  }
}

/** A file that only root may read is taken for one of this processor. */
function machineIn(path: string): string {
  try {
    return machineOf(path)
  } catch (error) {
    if (isErrno(error, 'EACCES', 'EPERM')) return architecture
    throw error
  }
}

function problemOf(isThere: boolean, machine: string, mode: number): Problem | undefined {
  if (!isThere) return 'dangling'
  if (machine !== 'no executable' && machine !== architecture) return 'other processor'
  return (mode & 0o111) === 0 ? 'not executable' : undefined
}
