/** Programs of the host, found where distributions put them: the environment has no say in what is run as root. */

import { stat } from './files.ts'

export const directories = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/local/bin']

/** The first of these programs that is installed, by its path. */
export function findProgram(...names: string[]): string | undefined {
  const paths = names.flatMap((name) => directories.map((directory) => `${directory}/${name}`))
  return paths.find((path) => stat(path) !== undefined)
}
