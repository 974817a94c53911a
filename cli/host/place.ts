/** Whether the namespace of a container still lives, by the path and the inode that files have of it. */

import { tolerate } from '../../shared/kernel/errno.ts'
import { closeNamespace, openNamespaceIfAny, ownNamespace } from '../../shared/kernel/namespace.ts'
import { stat } from '../../shared/kernel/stat.ts'

/** Where a file says that a container's namespace is. */
export interface Place {
  path: string
  /** Its inode; undefined where the file does not tell. */
  inode?: string
  /** The path is known to lead to another one by now, which may have the same inode. */
  isReplaced?: boolean
}

/** `unseen`: this process may not see what other processes see at the path. */
export type Finding = 'there' | 'gone' | 'unseen'

/** The first process: what is mounted for a runtime is mounted for it, too, unless the runtime has mounts of its own. */
const rootOfFirst = '/proc/1/root'

/** Looks whether a path leads to the namespace that it led to. @throws KernelError for a failure that says nothing about it */
export function lookAt({ path, inode, isReplaced }: Place): Finding {
  if (isReplaced) return 'gone'
  const found = [path, rootOfFirst + path].flatMap((seen) => inodeAt(seen) ?? [])
  const own = inodeAt(ownNamespace)
  // The host's own: a process ID of the container is that of a process of the host by now.
  if (found.some((one) => one !== own && one === (inode ?? one))) return 'there'
  return found.length > 0 || isVisible(path) ? 'gone' : 'unseen'
}

/** The inode of the network namespace at a path; undefined when there is none, or this process may not look. */
function inodeAt(path: string): string | undefined {
  const namespace = tolerate(() => openNamespaceIfAny(path), 'EACCES', 'EPERM')
  if (!namespace) return undefined
  closeNamespace(namespace)
  return stat(path)?.inode.toString()
}

/** A directory that is not there may be one of another mount namespace. */
function isVisible(path: string): boolean {
  return path.startsWith('/proc/') || stat(path.slice(0, path.lastIndexOf('/'))) !== undefined
}
