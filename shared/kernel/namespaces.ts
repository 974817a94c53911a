/** Finds network namespaces that processes and mounts hold, by the inode of the namespace. */

import { tolerate } from './errno.ts'
import { readDirectory, readFile, readLink } from './files.ts'

/** A path for each network namespace, by inode. One that only a descriptor or a socket holds is not found. @throws KernelError */
export function networkNamespaces(): Map<string, string> {
  return new Map([...ofProcesses(), ...ofMounts(readFile('/proc/thread-self/mountinfo'))])
}

/** The inodes of all network namespaces that a process holds, or a mount in the mount namespace of any process. @throws KernelError */
export function heldNamespaces(): Set<string> {
  const places = new Map(processes().map((pid) => [linkOf(pid, 'mnt'), pid]))
  const mounts = [...places.values()].flatMap((pid) => {
    const table = tolerate(() => readFile(`/proc/${pid}/mountinfo`), 'ENOENT', 'ESRCH', 'EACCES', 'EINVAL')
    return table ? ofMounts(table) : []
  })
  return new Set([...ofProcesses(), ...mounts].map(([inode]) => inode))
}

/** namespaces(7): `/proc/PID/ns/net` is a symlink to `net:[4026531840]`. */
function ofProcesses(): [inode: string, path: string][] {
  return processes().flatMap((pid) => {
    const inode = inodeIn(linkOf(pid, 'net'))
    return inode ? [[inode, `/proc/${pid}/ns/net`]] : []
  })
}

function processes(): string[] {
  return readDirectory('/proc').flatMap(({ name }) => (/^\d+$/.test(name) ? name : []))
}

/** A process may end meanwhile, or belong to another user namespace. */
function linkOf(pid: string, namespace: 'net' | 'mnt'): string | undefined {
  return tolerate(() => readLink(`/proc/${pid}/ns/${namespace}`), 'ESRCH', 'EACCES')
}

/** proc_pid_mountinfo(5): the fourth field is the root, `net:[4026532288]`, the fifth the mount point, with spaces as \040. */
function ofMounts(table: string): [inode: string, path: string][] {
  return table.split('\n').flatMap((line) => {
    const [, , , root, point = ''] = line.split(' ')
    const inode = inodeIn(root)
    return inode ? [[inode, unescaped(point)]] : []
  })
}

function inodeIn(text = ''): string | undefined {
  return /^net:\[(\d+)\]$/.exec(text)?.[1]
}

function unescaped(point: string): string {
  return point.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
