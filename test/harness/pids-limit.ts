/** A control group in which no process can make another: its limit of processes is reached. */

import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { command } from './command.ts'
import { scratch } from './host.ts'

/** Where the kernel's tree of control groups is mounted meanwhile. */
const tree = `${scratch}/cgroups`
const group = `${tree}/patchbay-test-${randomUUID()}`

/**
 * Makes the group for one program at a time, and removes it after the use.
 * @param use gets the program and its arguments to put in front of one that is to run in the group
 */
export async function atPidsLimit<T>(use: (under: readonly string[]) => Promise<T>): Promise<T> {
  mkdirSync(tree, { recursive: true })
  const leave = mountTree()
  try {
    mkdirSync(group)
    writeFileSync(`${group}/pids.max`, '1')
    return await use(['sh', '-c', `echo 0 >${group}/cgroup.procs && exec "$@"`, 'sh'])
  } finally {
    rmdirSync(group)
    leave()
  }
}

/** Mounts the tree that has the controller `pids`: its own in version 1, that of all controllers in version 2. @returns the inverse */
function mountTree(): () => void {
  const unmount = () => command('umount', tree)
  if (isVersion1()) {
    command('mount', '-t', 'cgroup', '-o', 'pids', 'pids', tree)
    return unmount
  }
  command('mount', '-t', 'cgroup2', 'cgroup2', tree)
  const controllers = `${tree}/cgroup.subtree_control`
  if (readFileSync(controllers, 'utf8').includes('pids')) return unmount
  writeFileSync(controllers, '+pids')
  return () => {
    writeFileSync(controllers, '-pids')
    unmount()
  }
}

/** In version 2 the hierarchy of a controller is 0 (cgroups(7)). */
function isVersion1(): boolean {
  const [, hierarchy] = /^pids\t(\d+)/m.exec(readFileSync('/proc/cgroups', 'utf8')) ?? []
  return hierarchy !== '0'
}
