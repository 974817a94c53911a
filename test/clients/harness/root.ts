/** Roots for real clients: a Debian suite's packages unpacked in the cache, in which programs run by chroot on the private host. */

import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { debianSuite } from '../../../scripts/debian.ts'
import { run } from '../../../scripts/run.ts'
import { ensurePackages } from '../../../scripts/setup.ts'
import { command, succeeds } from '../../harness/command.ts'
import { mountGroups } from './groups.ts'

const cache = join(import.meta.dirname, '../../../.cache/roots')

/** What is in a root: the packages and all that they depend on. */
export interface Root {
  /** The name of its directory. */
  name: string
  /** Where to take the packages from: the first suite that has them all. */
  suites: readonly string[]
  packages: readonly string[]
}

/** Fetches a root unless the cache has it. It appears complete. @throws Missing when no suite has the packages */
export async function fetchRoot(root: Root): Promise<void> {
  if (existsSync(pathOf(root))) return
  await ensurePackages('a client’s packages', ['debian-archive-keyring'])
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(`${pathOf(root)}-`)
  try {
    await firstOf(root.suites, (suite) => download(suite, root.packages, join(work, suite)))
    await unpack(work)
    if (!existsSync(pathOf(root))) await rename(join(work, 'tree'), pathOf(root))
  } finally {
    await rm(work, { recursive: true })
  }
}

function pathOf({ name }: Root): string {
  return join(cache, name)
}

/** The suites in turn until one works. @throws the last one's error */
async function firstOf(suites: readonly string[], take: (suite: string) => Promise<void>): Promise<void> {
  const [suite = '', ...others] = suites
  try {
    await take(suite)
  } catch (error) {
    if (others.length === 0) throw error
    await firstOf(others, take)
  }
}

async function download(name: string, packages: readonly string[], work: string): Promise<void> {
  await mkdir(work)
  const suite = await debianSuite(name, work)
  await suite.downloadWhole(join(work, '../archives'), packages)
}

/** Directories that newer packages take for granted, and older ones put files into. */
const merged = ['bin', 'sbin', 'lib', 'lib64']
const unused = ['doc', 'man', 'locale', 'info', 'lintian'].map((name) => `--exclude=./usr/share/${name}`)

/** Unpacks archives; nothing is installed, no script of theirs runs. */
async function unpack(work: string): Promise<void> {
  const tree = join(work, 'tree')
  for (const name of merged) {
    await mkdir(join(tree, 'usr', name), { recursive: true })
    await symlink(`usr/${name}`, join(tree, name))
  }
  const archives = (await readdir(join(work, 'archives'))).filter((name) => name.endsWith('.deb'))
  const options = ['--extract', '--keep-directory-symlink', ...unused]
  const line = `dpkg-deb --fsys-tarfile "$1" | tar ${options.join(' ')} --directory "$2"`
  for (const name of archives) await run('sh', ['-c', line, 'sh', join(work, 'archives', name), tree])
}

/** A root on the private host: a copy to write to, with the private host's /run, /var/lib, /dev and network. */
export interface Client {
  /** Where the private host sees it. */
  path: string
  /** The words that start a program in it. */
  inside(...words: string[]): [string, ...string[]]
  /** Runs a program in it. @returns its standard output @throws with its output */
  run(...words: string[]): string
  succeeds(...words: string[]): boolean
}

const environment = ['-i', 'HOME=/root', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin']

/** Opens a root that was fetched. Only on a private host: it ends with the host's mounts. */
export function openRoot(root: Root): Client {
  const path = mounted(root)
  prepare(path)
  const inside = (...words: string[]): [string, ...string[]] => [
    'env',
    ...environment,
    'chroot',
    path,
    ...words,
  ]
  return {
    path,
    inside,
    run: (...words) => command(...inside(...words)),
    succeeds: (...words) => succeeds(...inside(...words)),
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
