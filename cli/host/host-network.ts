/** What must be so for a verb that judges by links and namespaces of the host. */

import { CniError, Code } from '../../shared/error/error.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { readLink } from '../../shared/kernel/files.ts'
import { ownNamespace } from '../../shared/kernel/namespace.ts'

/** @throws CniError when this process is not root, or in another network namespace than the host's first process */
export function requireHostNetwork(): void {
  const first = tolerate(() => readLink('/proc/1/ns/net'), 'EACCES', 'EPERM')
  if (first !== undefined && first === readLink(ownNamespace)) return
  throw new CniError(Code.IoFailure, {
    msg: first ? "this is not the host's network namespace" : "the host's first process cannot be looked at",
    hint: 'run it on the host, as root; in a pod it needs hostNetwork and hostPID',
    see: 'readlink /proc/1/ns/net /proc/self/ns/net',
  })
}
