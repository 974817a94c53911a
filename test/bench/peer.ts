/** The reference's executables that we are measured against: a directory, or a version of a Debian suite. */

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { debianSuite } from '../../scripts/debian.ts'
import { run } from '../../scripts/run.ts'
import { ensurePackages, Missing } from '../../scripts/setup.ts'

const cache = new URL('../../.cache/', import.meta.url).pathname
const debian = { name: 'containernetworking-plugins', directory: '/usr/lib/cni' }
/** Where a version is looked for, the newest first. */
const suites = ['sid', 'trixie', 'bookworm']

export interface Peer {
  /** Where the executables are. */
  directory: string
  /** The version, from the plugin's usage line or from the Debian package. */
  version: string
}

/**
 * Finds a peer; downloads it from Debian when a version is given that is not installed.
 * @param source a directory; a version (`1.9.1`), which is unpacked from a Debian suite, not installed
 * @throws Missing when there is none
 */
export async function findPeer(source: string): Promise<Peer> {
  if (!/^\d+\.[\d.]+$/.test(source)) return peerIn(resolve(source))
  if (existsSync(debian.directory)) {
    const installed = await peerIn(debian.directory)
    if (isVersion(installed.version, source)) return { ...installed, version: source }
  }
  return { directory: await unpacked(source), version: source }
}

async function peerIn(directory: string): Promise<Peer> {
  if (!existsSync(join(directory, 'bridge'))) throw new Missing(`${directory} holds no plugin named bridge`)
  return { directory, version: await versionIn(directory) }
}

/** The directory with a version's executables, kept in the cache. */
async function unpacked(version: string): Promise<string> {
  const home = join(cache, `peer-${version}`)
  if (!existsSync(home)) await unpack(version, home)
  return join(home, debian.directory)
}

async function unpack(version: string, home: string): Promise<void> {
  await ensurePackages('the benchmark', ['dpkg', 'debian-archive-keyring'])
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(join(cache, 'peer-'))
  try {
    const archive = await download(version, work)
    await run('dpkg-deb', ['--extract', archive, join(work, 'tree')])
    await rename(join(work, 'tree'), home)
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Downloads the package of the first suite that has the version. @throws Missing with what the suites have */
async function download(version: string, work: string): Promise<string> {
  const found: string[] = []
  for (const name of suites) {
    const home = join(work, name)
    await mkdir(home)
    const suite = await debianSuite(name, home)
    await suite.download(home, [debian.name])
    const archive = join(home, (await readdir(home)).find((file) => file.endsWith('.deb')) ?? '')
    const its = await run('dpkg-deb', ['--field', archive, 'Version'])
    if (isVersion(its, version)) return archive
    found.push(`${name} has ${its}`)
  }
  throw new Missing(
    `Debian has no ${debian.name} ${version}: ${found.join(', ')}; name one of them, or a directory`,
  )
}

/** Whether a Debian version (`1.9.1+ds1-2`), perhaps behind the package's name, is a release of upstream's. */
export function isVersion(debianVersion: string, version: string): boolean {
  const own = debianVersion.split('\t').at(-1) ?? ''
  return own.startsWith(version) && !/^[\d.]/.test(own.slice(version.length))
}

/** The version in the plugin's usage line. Debian's builds print "unknown" there; the package has the version. */
async function versionIn(directory: string): Promise<string> {
  const bridge = join(directory, 'bridge')
  const { stderr } = await execa(bridge, { env: {}, extendEnv: false, stdin: 'ignore', reject: false })
  const [line = ''] = stderr.split('\n')
  if (!line.endsWith('unknown')) return line.split(' ').at(-1) ?? line
  const owned = await execa('dpkg-query', ['--search', bridge], { reject: false })
  if (owned.failed) return line
  return run('dpkg-query', ['--show', owned.stdout.slice(0, owned.stdout.indexOf(':'))])
}
