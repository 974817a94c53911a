/** Files from other Debian suites, with apt lists of their own: the machine's sources stay as they are. */

import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { run } from './run.ts'
import { ensurePackages, Missing } from './setup.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** A Debian suite to download from; apt checks the archive's signature and each file's checksum. */
export interface Suite {
  /** Downloads binary packages (`.deb`) into a directory. */
  download(directory: string, names: readonly string[]): Promise<void>
  /** Downloads the original source archive of a source package into a directory. */
  downloadSource(directory: string, name: string): Promise<void>
  /** What a package depends on, such as the newest version of a kernel. */
  dependencies(name: string): Promise<string[]>
}

/**
 * Reads the package lists of a suite.
 * @param name `sid`, `trixie`, …
 * @param work directory that lists and cache may be kept in
 * @throws Missing when the suite cannot be fetched, now or at a download
 */
export async function debianSuite(name: string, work: string): Promise<Suite> {
  const options = await configuration(name, work)
  const get = (cwd: string, args: readonly string[]) => aptGet(name, [...options, ...args], cwd)
  await get(work, ['update'])
  return {
    download: (directory, names) => get(directory, ['download', ...names]),
    downloadSource: (directory, source) =>
      get(directory, ['source', '--download-only', '--tar-only', source]),
    dependencies: async (name) => {
      const said = await run('apt-cache', [...options, 'depends', name])
      return [...said.matchAll(/Depends: ([\w.+-]+)/g)].flatMap(([, found]) => found ?? [])
    },
  }
}

/**
 * Downloads packages of a suite and unpacks them, without installing them, into a directory, which appears whole.
 * @param namesIn chooses the packages
 * @param home the directory, whose parent exists
 * @throws Missing when the suite cannot be fetched
 */
export async function unpackPackages(
  suiteName: string,
  namesIn: (suite: Suite) => Promise<string[]>,
  home: string,
): Promise<void> {
  await ensurePackages('downloading packages', ['debian-archive-keyring'])
  const work = await mkdtemp(`${home}-`)
  try {
    const suite = await debianSuite(suiteName, work)
    await suite.download(work, await namesIn(suite))
    const archives = (await readdir(work)).filter((name) => name.endsWith('.deb'))
    for (const archive of archives) await run('dpkg-deb', ['--extract', archive, 'tree'], { cwd: work })
    await rename(join(work, 'tree'), home)
  } finally {
    await rm(work, { recursive: true })
  }
}

async function aptGet(suite: string, args: readonly string[], cwd: string): Promise<void> {
  const { failed, stderr } = await execa('apt-get', ['--quiet', ...args], {
    cwd,
    stdin: 'ignore',
    reject: false,
  })
  if (failed) throw new Missing(`Debian ${suite} cannot be fetched: ${stderr}`)
}

async function configuration(suite: string, work: string): Promise<string[]> {
  const list = join(work, 'sources.list')
  const site = `[signed-by=${keyring}] ${await mirror()} ${suite} main`
  await mkdir(join(work, 'lists/partial'), { recursive: true })
  await mkdir(join(work, 'cache/archives/partial'), { recursive: true })
  await writeFile(list, `deb ${site}\ndeb-src ${site}\n`)
  return [
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::Etc::SourceList=${list}`,
    'Dir::Etc::SourceParts=-',
    `Dir::Cache=${join(work, 'cache')}`,
    'Dir::State::Status=/dev/null', // or a newer package that the machine has installed would be the one to download
    'APT::Sandbox::User=root',
    'APT::Update::Error-Mode=any', // or lists that could not be fetched are no error, and packages just "not found"
  ].flatMap((option) => ['--option', option])
}

/** The Debian mirror that the machine's own sources name. */
export async function mirror(): Promise<string> {
  const sites = await run('apt-get', ['indextargets', '--format', '$(SITE)', 'Created-By: Packages'])
  return sites.split('\n').find((site) => /\/debian\/?$/.test(site)) ?? 'http://deb.debian.org/debian'
}
