/** Downloads files from other Debian suites with separate apt lists: the machine's own sources are not changed. */

import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { run } from './run.ts'
import { ensurePackages, Missing } from './setup.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** A Debian suite to download from. apt verifies the archive's signature and each file's checksum. */
export interface Suite {
  /** Downloads binary packages (`.deb`) into a directory. */
  download(directory: string, names: readonly string[]): Promise<void>
  /** Downloads binary packages with all that they depend on, down to the C library. */
  downloadWhole(directory: string, names: readonly string[]): Promise<void>
  /** Downloads the original source archive of a source package into a directory. */
  downloadSource(directory: string, name: string): Promise<void>
  /** The dependencies of a package, such as the newest version of a kernel. */
  dependencies(name: string): Promise<string[]>
}

/**
 * Reads the package lists of a suite.
 * @param name `sid`, `trixie`, …
 * @param work directory for the lists and the cache
 * @param architecture Debian's name of another processor than this machine's
 * @throws Missing when the suite cannot be fetched, now or at a download
 */
export async function debianSuite(name: string, work: string, architecture?: string): Promise<Suite> {
  const options = await configuration(name, work, architecture)
  const get = (cwd: string, args: readonly string[]) => aptGet(name, [...options, ...args], cwd)
  await get(work, ['update'])
  return {
    download: (directory, names) => get(directory, ['download', ...names]),
    downloadWhole: async (directory, names) => {
      await mkdir(join(directory, 'partial'), { recursive: true })
      const words = ['--download-only', '--yes', '--no-install-recommends']
      await get(work, [...withoutLocks(directory), 'install', ...words, ...names])
    },
    downloadSource: (directory, source) =>
      get(directory, ['source', '--download-only', '--tar-only', source]),
    dependencies: async (name) => {
      const output = await run('apt-cache', [...options, 'depends', name])
      return [...output.matchAll(/Depends: ([\w.+-]+)/g)].flatMap(([, found]) => found ?? [])
    },
  }
}

/**
 * Downloads packages of a suite and unpacks them into a directory, without installing them. The directory appears complete.
 * @param namesIn gives the names of the packages
 * @param home the directory; its parent must exist
 * @param architecture Debian's name of another processor than this machine's
 * @throws Missing when the suite cannot be fetched
 */
export async function unpackPackages(
  suiteName: string,
  namesIn: (suite: Suite) => Promise<string[]>,
  home: string,
  architecture?: string,
): Promise<void> {
  await ensurePackages('downloading packages', ['debian-archive-keyring'])
  const work = await mkdtemp(`${home}-`)
  try {
    const suite = await debianSuite(suiteName, work, architecture)
    await suite.download(work, await namesIn(suite))
    const archives = (await readdir(work)).filter((name) => name.endsWith('.deb'))
    for (const archive of archives) await run('dpkg-deb', ['--extract', archive, 'tree'], { cwd: work })
    await rename(join(work, 'tree'), home)
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Nothing is installed: a lock of the machine's own database would only make another apt-get wait. */
function withoutLocks(archives: string): string[] {
  return ['--option', `Dir::Cache::Archives=${archives}`, '--option', 'Debug::NoLocking=true']
}

async function aptGet(suite: string, args: readonly string[], cwd: string): Promise<void> {
  const { failed, stderr } = await execa('apt-get', ['--quiet', ...args], {
    cwd,
    stdin: 'ignore',
    reject: false,
  })
  if (failed) throw new Missing(`Debian ${suite} cannot be fetched: ${stderr}`)
}

async function configuration(suite: string, work: string, architecture?: string): Promise<string[]> {
  const list = join(work, 'sources.list')
  const which = architecture ? ` arch=${architecture}` : ''
  const site = `[signed-by=${keyring}${which}] ${await mirror()} ${suite} main`
  await mkdir(join(work, 'lists/partial'), { recursive: true })
  await mkdir(join(work, 'cache/archives/partial'), { recursive: true })
  await writeFile(list, `deb ${site}\ndeb-src ${site}\n`)
  return [
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=-',
    `Dir::Cache=${join(work, 'cache')}`,
    'Dir::State::Status=/dev/null', // else apt prefers a newer installed version to the suite's
    'APT::Sandbox::User=root',
    'Acquire::Languages=none',
    'APT::Update::Error-Mode=any', // else apt-get update ignores lists that it cannot fetch
    ...(architecture ? [`APT::Architectures::=${architecture}`] : []),
  ].flatMap((option) => ['--option', option])
}

/** The Debian mirror that the machine's own sources name. */
export async function mirror(): Promise<string> {
  const sites = await run('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'])
  return sites.split('\n').find((site) => /\/debian\/?$/.test(site)) ?? 'http://deb.debian.org/debian'
}
