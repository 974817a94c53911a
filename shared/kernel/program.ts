/** Finds programs of the host in fixed directories: PATH is ignored, because the programs run as root. */

import { stat } from './stat.ts'

export const directories = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/local/bin']

/** The path of the first of these programs that is installed. */
export function findProgram(...names: string[]): string | undefined {
  const paths = names.flatMap((name) => directories.map((directory) => `${directory}/${name}`))
  return paths.find((path) => stat(path) !== undefined)
}
