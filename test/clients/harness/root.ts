/** Roots for real clients: the packages of a Debian suite, unpacked in the cache. Programs run in them as client.ts says. */

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { debianSuite } from '../../../scripts/debian.ts'
import { run } from '../../../scripts/run.ts'
import { ensurePackages } from '../../../scripts/setup.ts'

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

/** The directory of a root that was fetched. */
export function pathOf({ name }: Root): string {
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
