/** Makes a device in an SELinux context: by executing `ip`, because a process changes its context only by exec. */

import { CniError, Code } from '../../shared/error/error.ts'
import { KernelError } from '../../shared/kernel/errno.ts'
import { readFile, writeInPlace } from '../../shared/kernel/files.ts'
import { inNamespace, type Namespace } from '../../shared/kernel/namespace.ts'
import { findProgram } from '../../shared/kernel/program.ts'
import { run } from '../../shared/kernel/run.ts'
import { type TunOptions, tunCommand } from '../../shared/kernel/tun.ts'

/** The context that the next exec of this thread gets (proc(5)). */
const nextContext = '/proc/thread-self/attr/exec'

/** `ip tuntap add …` in a context. @throws CniError where the host has no SELinux, or its policy refuses */
export async function makeLabelled(
  container: Namespace,
  name: string,
  options: TunOptions,
  context: string,
): Promise<void> {
  const path = findProgram('ip')
  if (!path) throw refused(context, 'ip is not installed', 'install the package iproute2')
  const words = tunCommand(name, options)
  requireSELinux(context)
  setContext(context)
  try {
    const program = { path, arguments: words, input: '', env: {} }
    const { status, stderr, killed } = inNamespace(container, () => run(program))
    if (status === 0) return
    throw refused(
      context,
      killed ? `ip ${killed} and was killed` : stderr.trim(),
      'see what the policy says: ausearch -m avc',
      `ip ${words.join(' ')}`,
    )
  } finally {
    setContext('')
  }
}

/** Another security module may accept the context and ignore it. */
function requireSELinux(context: string): void {
  if (/\bselinuxfs$/m.test(readFile('/proc/filesystems'))) return
  throw refused(
    context,
    'the host has no SELinux',
    'remove selinuxContext; getenforce shows the state of SELinux',
  )
}

function setContext(context: string): void {
  try {
    writeInPlace(nextContext, context)
  } catch (error) {
    if (!(error instanceof KernelError) || context === '') return
    throw refused(context, error.message, 'the policy must define the context: seinfo --type')
  }
}

function refused(context: string, why: string, hint: string, reproduce?: string): CniError {
  return new CniError(Code.Internal, { msg: `selinuxContext ${context}: ${why}`, hint, reproduce })
}
