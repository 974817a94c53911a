/** The reference's executables that we are measured against: a directory, or a version from a newer Debian suite. */

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { debianSuite } from '../../scripts/debian.ts'
import { run } from '../../scripts/run.ts'
import { ensurePackages, Missing } from '../../scripts/setup.ts'

const cache = new URL('../../.cache/', import.meta.url).pathname
const debian = { name: 'containernetworking-plugins', directory: '/usr/lib/cni', newest: 'sid' }

export interface Peer {
  /** Where the executables are. */
  directory: string
  /** The version, from the plugin's usage line or from the Debian package. */
  version: string
}

/**
 * Finds the peer; downloads it from Debian when a version is given.
 * @param source a directory; a version (`1.9.1`), which is unpacked from Debian sid, not installed
 */
export async function findPeer(source = debian.directory): Promise<Peer> {
  if (/^\d+\.[\d.]+$/.test(source)) return { directory: await unpacked(source), version: source }
  if (source === debian.directory) await ensurePackages('the benchmark', [debian.name])
  const directory = resolve(source)
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
    const archive = await download(work)
    const found = await run('dpkg-deb', ['--field', archive, 'Version'])
    if (!isVersion(found, version))
      throw new Missing(
        `Debian ${debian.newest} has ${debian.name} ${found} now: name that version, or a directory`,
      )
    await run('dpkg-deb', ['--extract', archive, join(work, 'tree')])
    await rename(join(work, 'tree'), home)
  } finally {
    await rm(work, { recursive: true })
  }
}

async function download(work: string): Promise<string> {
  const suite = await debianSuite(debian.newest, work)
  await suite.download(work, [debian.name])
  const archive = (await readdir(work)).find((name) => name.endsWith('.deb')) ?? ''
  return join(work, archive)
}

/** Whether a Debian version (`1.9.1+ds1-2`) is a release of upstream's. */
function isVersion(debianVersion: string, version: string): boolean {
  return debianVersion.startsWith(version) && !/^[\d.]/.test(debianVersion.slice(version.length))
}

/** The version in the plugin's usage line. Debian's builds print "unknown" there; the package has the version. */
async function versionIn(directory: string): Promise<string> {
  const bridge = join(directory, 'bridge')
  const { stderr } = await execa(bridge, { env: {}, extendEnv: false, stdin: 'ignore', reject: false })
  const [line = ''] = stderr.split('\n')
  if (!line.endsWith('unknown')) return line
  const owned = await execa('dpkg-query', ['--search', bridge], { reject: false })
  if (owned.failed) return line
  return run('dpkg-query', ['--show', owned.stdout.slice(0, owned.stdout.indexOf(':'))])
}
