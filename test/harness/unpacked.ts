/**
 * Debian packages that are unpacked into the cache and not installed, so that none of their scripts runs: `apt-get install` of a server
 * would start it on this machine.
 */

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { run } from '../../scripts/run.ts'
import { Missing } from '../../scripts/setup.ts'

const cache = join(import.meta.dirname, '../../.cache/unpacked')

/** Fetches a package of this machine's suite, with what it depends on and the machine lacks, once. @throws Missing when Debian cannot be reached */
export async function unpackPackage(name: string): Promise<void> {
  const home = join(cache, name)
  if (existsSync(home)) return
  await mkdir(cache, { recursive: true })
  const work = await mkdtemp(`${home}-`)
  try {
    await download(name, work)
    const archives = (await readdir(work)).filter((file) => file.endsWith('.deb'))
    for (const archive of archives) await run('dpkg-deb', ['--extract', archive, 'tree'], { cwd: work })
    if (!existsSync(home)) await rename(join(work, 'tree'), home)
  } finally {
    await rm(work, { recursive: true })
  }
}

/** Updates the package lists only when that fails without it. */
const script = `get="apt-get --quiet --option DPkg::Lock::Timeout=300 --option APT::Sandbox::User=root"
install="$get --option Dir::Cache::Archives=$2 install --download-only --reinstall --yes --no-install-recommends"
$install "$1" >/dev/null 2>&1 || { $get update && $install "$1"; }`

async function download(name: string, work: string): Promise<void> {
  await mkdir(join(work, 'partial'))
  const inTurn = ['--timeout', '900', '/var/lib/dpkg']
  const words = [...inTurn, 'sh', '-c', script, 'sh', name, work]
  const { failed, stderr } = await execa('flock', words, { reject: false, stdin: 'ignore' })
  if (failed) throw new Missing(`the package ${name} cannot be fetched: ${stderr}`)
}

/** A program of an unpacked package, and the environment in which it finds its libraries. */
export interface Unpacked {
  file: string
  env: Record<string, string | undefined>
}

const triplet = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`

/** @param path of the program: `usr/sbin/radvd` */
export function unpacked(name: string, path: string): Unpacked {
  const home = join(cache, name)
  return { file: join(home, path), env: { ...process.env, LD_LIBRARY_PATH: `${home}/usr/lib/${triplet}` } }
}
