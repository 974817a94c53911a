/** Control groups of clients' containers: all are below one group, which goes with the test. */

import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { command } from '../../harness/command.ts'

/** The environment variable by which a test program knows its group. */
export const groupVariable = 'PATCHBAY_CLIENT_GROUP'

/** The path of the group, for runtimes' configurations: `/patchbay-clients-123`. */
export function group(): string {
  return process.env[groupVariable] ?? ''
}

/** A tree of control groups, and the words that mount it. */
interface Tree {
  name: string
  words: string[]
}

/** A tree for each controller with version 1, one for all with version 2 (cgroups(7)). */
function trees(): Tree[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')
  const lists = lines.map((line) => line.split(':')[1] ?? '').filter((list) => list !== '')
  if (lists.length === 0) return [{ name: '', words: ['-t', 'cgroup2', 'cgroup2'] }]
  return lists.map((list) => ({ name: list.replace('name=', ''), words: version1(list) }))
}

function version1(list: string): string[] {
  return ['-t', 'cgroup', '-o', list.startsWith('name=') ? `none,${list}` : list, 'cgroup']
}

/** Mounts the trees below a directory, as hosts have them. */
export function mountGroups(directory: string): void {
  const all = trees()
  if (all.length > 1) command('mount', '-t', 'tmpfs', '-o', 'mode=755', 'cgroup', directory)
  for (const { name, words } of all) {
    mkdirSync(join(directory, name), { recursive: true })
    command('mount', ...words, join(directory, name))
  }
}

/** The processes in the group and below it. @param directory where the trees are mounted */
export function processesIn(directory: string): number[] {
  const files = trees().flatMap(({ name }) => globSync(`${join(directory, name)}${group()}/**/cgroup.procs`))
  const ids = files.flatMap(linesOf)
  return [...new Set(ids)].map(Number)
}

/** None of a group that was removed since it was listed. */
function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

/** Removes a group with those below it, in namespaces of its own. Their processes have ended. */
export function removeGroup(name: string): void {
  const mounts = trees().map(
    ({ name, words }) => `mkdir -p /mnt/${name}; mount ${words.join(' ')} /mnt/${name}`,
  )
  const remove = `find /mnt/${name} /mnt/*/${name} -depth -type d -exec rmdir {} ';' 2>/dev/null`
  const script = ['mount -t tmpfs tmpfs /mnt', ...mounts, remove].join('\n')
  spawnSync('unshare', ['--mount', 'sh', '-c', script], { stdio: ['ignore', 'inherit', 'inherit'] })
}
