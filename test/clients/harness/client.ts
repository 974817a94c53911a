/** Programs in a root on the private host: they see its network, /run, /var/lib and /dev, and the root's own programs and files. */

import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { command, succeeds } from '../../harness/command.ts'
import { mountGroups } from './groups.ts'
import { pathOf, type Root } from './root.ts'

export interface Client {
  /** Where the private host sees the root: a copy to write to. */
  path: string
  /** The words that start a program in it. */
  inside(...words: string[]): [string, ...string[]]
  /** Runs a program in it. @returns its standard output @throws with its output */
  run(...words: string[]): string
  succeeds(...words: string[]): boolean
  /** Whether a process runs in it; containers have mount namespaces of their own. */
  has(pid: number): boolean
  /** Drops all that was mounted in it since it was opened. No program runs in it. */
  dropMounts(): void
}

const environment = ['env', '-i', 'HOME=/root', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'] as const

/** Opens a root that was fetched. Only on a private host: it ends with the host's mounts. */
export function openRoot(root: Root): Client {
  const path = mounted(root)
  prepare(path)
  let namespace = newNamespace(path)
  const inside = (...words: string[]): [string, ...string[]] => [
    ...environment,
    'nsenter',
    `--mount=/proc/${namespace.keeper}/ns/mnt`,
    ...words,
  ]
  return {
    path,
    inside,
    run: (...words) => command(...inside(...words)),
    succeeds: (...words) => succeeds(...inside(...words)),
    has: (pid) => pid !== namespace.keeper && namespaceOf(pid, 'mnt') === namespace.number,
    dropMounts: () => {
      process.kill(namespace.keeper, 'SIGKILL')
      namespace = newNamespace(path)
    },
  }
}

/** The number of a namespace of a process; undefined when the process has ended, which is ENOENT, or EACCES for a moment. */
export function namespaceOf(pid: number, kind: 'mnt' | 'net'): number | undefined {
  try {
    return statSync(`/proc/${pid}/ns/${kind}`).ino
  } catch {
    return undefined
  }
}

let hasPlace = false

/** On a tmpfs over /mnt, which only the private host sees. */
function mounted(root: Root): string {
  const home = `/mnt/${root.name}`
  if (!hasPlace) command('mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', '/mnt')
  hasPlace = true
  for (const name of ['upper', 'work', 'root']) mkdirSync(join(home, name), { recursive: true })
  const options = `lowerdir=${pathOf(root)},upperdir=${home}/upper,workdir=${home}/work`
  command('mount', '-t', 'overlay', '-o', options, 'overlay', `${home}/root`)
  return `${home}/root`
}

/** Files that maintainers' scripts and an installation would have written. */
const files = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
  'etc/hosts': '127.0.0.1 localhost\n',
  'etc/resolv.conf': 'nameserver 192.0.2.53\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
}

function prepare(path: string): void {
  for (const name of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'etc', 'var/lib'])
    mkdirSync(join(path, name), { recursive: true })
  if (!existsSync(join(path, 'bin/sh'))) symlinkSync('busybox', join(path, 'bin/sh'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  for (const name of ['dev', 'run', 'var/lib']) command('mount', '--rbind', `/${name}`, join(path, name))
  command('mount', '-t', 'proc', 'proc', join(path, 'proc'))
  command('mount', '-t', 'sysfs', 'sysfs', join(path, 'sys'))
  mountGroups(join(path, 'sys/fs/cgroup'))
}

/** A mount namespace, and the process that keeps it. */
interface Namespace {
  keeper: number
  number: number | undefined
}

/**
 * A mount namespace whose root is the directory. chroot alone is not enough: a program that a runtime starts in a running container enters
 * the container's mount namespace, and would find itself at the private host's root there.
 */
function newNamespace(path: string): Namespace {
  const keeper = Number(command('sh', '-e', join(import.meta.dirname, 'namespace.sh'), path))
  return { keeper, number: namespaceOf(keeper, 'mnt') }
}
