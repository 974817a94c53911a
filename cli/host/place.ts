/** Whether the namespace of a container still lives, by what a file says of it. */

import { isStillThere } from '../../shared/ipam/host-local/netns.ts'
import { KernelError, tolerate } from '../../shared/kernel/errno.ts'
import { Open, withFile } from '../../shared/kernel/files.ts'
import {
  closeNamespace,
  isOnNamespaceFileSystem,
  openNamespaceIfAny,
  ownNamespace,
} from '../../shared/kernel/namespace.ts'
import { stat } from '../../shared/kernel/stat.ts'
import { stateDirectory } from '../../shared/kernel/state-directory.ts'

/** Where a container's namespace was. */
export interface Place {
  path: string
  /** Its inode, and when it had it, nanoseconds since the epoch; undefined where the file does not tell. */
  inode?: string
  written?: string
}

/** `unseen`: other processes may see there what this one does not. */
export type Finding = 'there' | 'gone' | 'unseen'

/** What the host's first process sees: most runtimes see the same. */
const rootOfFirst = '/proc/1/root'

/** Looks whether the namespace is still there. */
export function lookAt(place: Place): Finding {
  try {
    let isOther = false
    for (const path of pathsOf(place)) {
      if (!isNamespace(path)) continue
      if (isIt(place, path)) return 'there'
      isOther = true
    }
    return isOther || seesAll(place.path) ? 'gone' : 'unseen'
  } catch (error) {
    if (error instanceof KernelError) return 'unseen'
    throw error
  }
}

const pathsOf = ({ path }: Place) => [path, rootOfFirst + path]

/** A path by which this process reaches the namespace; undefined when it is not there, or not to be seen. */
export function reach(place: Place): string | undefined {
  const look = () => pathsOf(place).find((path) => isNamespace(path) && isIt(place, path))
  return tolerate(look, 'EACCES', 'EPERM')
}

/** Whether a path leads to a network namespace. A device or a FIFO is not opened: that could do something. */
function isNamespace(path: string): boolean {
  if (!stat(path) || !withFile(path, Open.PATH, isOnNamespaceFileSystem)) return false
  const namespace = openNamespaceIfAny(path)
  if (namespace) closeNamespace(namespace)
  return namespace !== undefined
}

/** Whether the namespace at a path is this one. It is not the host's: a process of the host may have the container's process ID by now. */
function isIt({ inode, written }: Place, path: string): boolean {
  const now = inodeAt(path)
  if (now === undefined || now === inodeAt(ownNamespace)) return false
  return inode === undefined || (written ? isStillThere({ path, inode }, written) : inode === now)
}

/** The inode that a path leads to. */
export function inodeAt(path: string): string | undefined {
  return stat(path)?.inode.toString()
}

/** PROC_PID_INIT_INO, include/linux/proc_ns.h. */
const FIRST_PID_NAMESPACE = 0xeffffffcn

/**
 * Whether what is not at a path is nowhere. A plain file is the mount point of a runtime that may have mounts of its own. A process in a
 * PID namespace of its own sees neither the host's processes nor, perhaps, its mounts: it can tell only what was removed from the file
 * system that has our records, too.
 */
function seesAll(path: string): boolean {
  if (stat(path)) return false
  if (stat('/proc/self/ns/pid')?.inode === FIRST_PID_NAMESPACE) return true
  const directory = stat(path.slice(0, path.lastIndexOf('/')))
  return directory !== undefined && directory.device === stat(stateDirectory)?.device
}
