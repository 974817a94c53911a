/** Where an installation keeps what: paths in the directory of the plugins, and the names that it may touch there. */

import { plugins } from '../../plugins/registry.ts'
import { Open, readLink, withFile } from '../../shared/kernel/files.ts'
import { stat } from '../../shared/kernel/stat.ts'

/** The name of the executable; each plugin's name is a link to it. */
export const executable = 'patchbay'

/** The names of all plugins, sorted. */
export const pluginNames = (): string[] => Object.keys(plugins).sort()

/** The folder for all that is no plugin. Runtimes look for files by a plugin's name, so they never see it. */
export const ownFolder = (directory: string): string => `${directory}/.patchbay`

/** The folder with the plugins that `--replace` took away; each has its name there, so `uninstall` finds it without the manifest. */
export const replacedFolder = (directory: string): string => `${ownFolder(directory)}/replaced`

/** A directory's path without symlinks. @throws KernelError */
export function realPath(directory: string): string {
  return withFile(`${directory}/.`, Open.PATH, (fd) => readLink(`/proc/self/fd/${fd}`) ?? directory)
}

/** The path that leads from one directory to a file; both are absolute. Equivalent to `realpath --relative-to`. */
export function relativePath(from: string, to: string): string {
  const [start, end] = [from, to].map((path) => path.split('/').filter(Boolean)) as [string[], string[]]
  let common = 0
  while (common < start.length && start[common] === end[common]) common++
  return [...start.slice(common).map(() => '..'), ...end.slice(common)].join('/')
}

/** The absolute path of what exists of a path, without symlinks, with the rest behind it. */
export function absolutePath(path: string): string {
  const whole = path.replace(/\/+$/, '') || '/'
  if (stat(whole)) return realPath(whole)
  const slash = whole.lastIndexOf('/')
  const parent = slash < 0 ? '.' : whole.slice(0, slash) || '/'
  return `${absolutePath(parent).replace(/\/$/, '')}/${whole.slice(slash + 1)}`
}
