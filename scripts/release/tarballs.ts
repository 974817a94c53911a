/** The archives of a release, one for each engine and processor, and the Debian packages. */

import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { architectures, directoryName, engines, type Target } from '../build/target.ts'
import { run } from '../run.ts'
import { debianPackage } from './debian.ts'
import { licensesOf } from './shipped.ts'
import { tarball } from './tarball.ts'

const root = join(import.meta.dirname, '../..')
const besides = ['LICENSE', 'README.md', 'CHANGELOG.md', 'conf-examples', 'schemas', 'deploy']

/**
 * Builds each target and packs it; QuickJS's as a Debian package, too.
 * @param seconds the time that the files get, since the epoch
 * @param maintainer of the Debian packages, as `NAME <ADDRESS>`
 * @returns the names of the files in `out`
 */
export async function makeArchives(
  out: string,
  version: string,
  seconds: number,
  maintainer: string,
): Promise<string[]> {
  const targets = architectures.flatMap((architecture) =>
    engines.map((engine) => ({ engine, architecture }) as const),
  )
  const work = await mkdtemp(join(root, '.cache/release-'))
  try {
    const names: string[] = []
    for (const target of targets) {
      const name = `patchbay-${version}-linux-${target.architecture}-${target.engine}`
      await fill(join(work, name), target)
      await tarball(join(work, name), join(out, `${name}.tar.gz`), seconds)
      names.push(`${name}.tar.gz`)
      if (target.engine === 'quickjs')
        names.push(await debianPackage(join(work, name), out, { ...target, version, seconds, maintainer }))
    }
    return names
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Puts a target's executables and all that belongs to them into a new directory. */
async function fill(directory: string, target: Target): Promise<void> {
  const { engine, architecture } = target
  const build = [join(root, 'build.ts'), '--engine', engine, '--arch', architecture, '--out', directory]
  await run(process.execPath, build)
  await rename(join(directory, directoryName(target)), join(directory, 'bin'))
  await rm(join(directory, 'bin/patchbay-agent'), { force: true }) // leads to the other engine's build
  await addBesides(directory, await licensesOf(target))
}

/** Adds what an archive has besides its executables. @param licenses of what they contain, by the name of a file */
export async function addBesides(
  directory: string,
  licenses: readonly [name: string, text: string][],
): Promise<void> {
  for (const name of besides) await cp(join(root, name), join(directory, name), { recursive: true })
  await mkdir(join(directory, 'licenses'))
  for (const [name, text] of licenses) await writeFile(join(directory, 'licenses', name), text)
}
