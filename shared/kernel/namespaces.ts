/** Finds network namespaces that processes and mounts hold, by the inode of the namespace. */

import { tolerate } from './errno.ts'
import { readDirectory, readFile, readLink } from './files.ts'

/** A path for each network namespace, by inode. One that only a descriptor or a socket holds is not found. @throws KernelError */
export function networkNamespaces(): Map<string, string> {
  return new Map([...ofProcesses(), ...ofMounts()])
}

/** namespaces(7): `/proc/PID/ns/net` is a symlink to `net:[4026531840]`. A process may end meanwhile, or belong to another user namespace. */
function ofProcesses(): [inode: string, path: string][] {
  const pids = readDirectory('/proc').filter(({ name }) => /^\d+$/.test(name))
  return pids.flatMap(({ name }) => {
    const path = `/proc/${name}/ns/net`
    const inode = inodeIn(tolerate(() => readLink(path), 'ESRCH', 'EACCES'))
    return inode ? [[inode, path]] : []
  })
}

/** proc_pid_mountinfo(5): the fourth field is the root, `net:[4026532288]`, the fifth the mount point, with spaces as \040. */
function ofMounts(): [inode: string, path: string][] {
  const lines = readFile('/proc/thread-self/mountinfo').split('\n')
  return lines.flatMap((line) => {
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
