/** Network namespaces with names, as `ip netns` makes and finds them. */

import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs'
import {
  closeNamespace,
  currentNamespace,
  inNamespace,
  openNamespace,
  ownNamespace,
} from '../../shared/kernel/namespace.ts'
import { Mount, mount, unmount, unshareNetwork } from './libc.ts'

const directory = '/run/netns'

/** The path of a namespace. */
export function pathOf(name: string): string {
  return `${directory}/${name}`
}

/** Makes a namespace. Equivalent to `ip netns add NAME`. */
export function addNetns(name: string): void {
  mkdirSync(directory, { recursive: true })
  shareMounts()
  closeSync(openSync(pathOf(name), 'wx', 0))
  const home = currentNamespace()
  unshareNetwork()
  try {
    mount(ownNamespace, pathOf(name), 'none', Mount.BIND)
  } finally {
    inNamespace(home, () => {}) // back to where this program was
  }
}

/** What is deleted here is deleted in the mount namespaces of `ip netns exec`, too. */
function shareMounts(): void {
  const share = () => mount('', directory, 'none', Mount.SHARED | Mount.REC)
  try {
    share()
  } catch {
    mount(directory, directory, 'none', Mount.BIND | Mount.REC) // it was no mount point yet
    share()
  }
}

/** Deletes a namespace; it ends when no process is in it. Equivalent to `ip netns delete NAME`. */
export function deleteNetns(name: string): void {
  try {
    unmount(pathOf(name))
  } catch {
    // A file that is no mount point is removed all the same, as by `ip`.
  }
  rmSync(pathOf(name))
}

/** Does something synchronous in a namespace, or where this program is when no name is given. */
export function within<T>(name: string | undefined, action: () => T): T {
  if (name === undefined) return action()
  const namespace = openNamespace(pathOf(name))
  try {
    return inNamespace(namespace, action)
  } finally {
    closeNamespace(namespace)
  }
}
