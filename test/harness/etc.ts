/** A copy of /etc in its place on the private host: the machine's own stays as it is. */

import { mkdirSync, rmSync } from 'node:fs'
import { command } from './command.ts'
import { scratch } from './host.ts'

/** @param directories that are to be there, and empty */
export function ownEtc(...directories: string[]): void {
  command('cp', '-a', '/etc', `${scratch}/etc`)
  command('mount', '--bind', `${scratch}/etc`, '/etc')
  for (const directory of directories) {
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
  }
}
