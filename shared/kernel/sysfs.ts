/** The sysfs of a network namespace, which may differ from /sys. */

import { close, type Fd, Open, readAll } from './files.ts'
import { inNamespace, type Namespace } from './namespace.ts'
import { cstring, must } from './syscall.ts'

/** include/uapi/linux/mount.h and fcntl.h. */
const FSOPEN_CLOEXEC = 1
const FSMOUNT_CLOEXEC = 1
const FSCONFIG_CMD_CREATE = 6
const O_CLOEXEC = 0o2000000

/**
 * Opens the sysfs of a namespace for an action. A sysfs shows the namespace in which it was mounted, so a new one is mounted,
 * without a path and for this process only (fsopen(2), Linux 5.2).
 * @throws KernelError ENOSYS on an older kernel
 */
export function withSysfs<T>(namespace: Namespace, use: (root: Fd) => T): T {
  const root = inNamespace(namespace, mountSysfs)
  try {
    return use(root)
  } finally {
    close(root)
  }
}

/** Reads a file of a namespace's sysfs: `readSysfs(container, 'class/net/eth0/mtu')`. @throws KernelError */
export function readSysfs(namespace: Namespace, path: string): string {
  return withSysfs(namespace, (root) => {
    const attempt = `open /sys/${path} of ${namespace.path}`
    const fd = must(attempt, 'openat', root, cstring(path), Open.RDONLY | O_CLOEXEC)
    try {
      return readAll(fd, path).toString().trim()
    } finally {
      close(fd)
    }
  })
}

function mountSysfs(): Fd {
  const context = must('open a sysfs', 'fsopen', cstring('sysfs'), FSOPEN_CLOEXEC)
  try {
    must('make a sysfs', 'fsconfig', context, FSCONFIG_CMD_CREATE, 0, 0, 0)
    return must('mount a sysfs', 'fsmount', context, FSMOUNT_CLOEXEC, 0)
  } finally {
    close(context)
  }
}
