/** npm's Node for a processor: installed for this machine, fetched once and cached for another. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { type Architecture, host } from './target.ts'

const root = join(import.meta.dirname, '../..')

/** The path of a processor's Node executable. */
export async function nodeBinary(architecture: Architecture): Promise<string> {
  const name = `node-linux-${architecture}`
  if (architecture === host) return join(root, 'node_modules', name, 'bin/node')
  const directory = join(root, '.cache', name)
  if (!existsSync(directory)) await fetchPackage(name, directory)
  return join(directory, 'bin/node')
}

/** Fetches the version in package-lock.json, and verifies its checksum. */
async function fetchPackage(name: string, directory: string): Promise<void> {
  const { version, integrity } = await locked(name)
  await mkdir(join(root, '.cache'), { recursive: true })
  const work = await mkdtemp(`${directory}-`)
  const archive = (await run('npm', ['pack', '--silent', `${name}@${version}`], { cwd: work })).trim()
  const found = createHash('sha512').update(await readFile(join(work, archive)))
  if (`sha512-${found.digest('base64')}` !== integrity)
    throw new Error(`${name}@${version} does not have the checksum in package-lock.json`)
  await run('tar', ['--extract', '--file', archive, 'package/bin/node'], { cwd: work })
  await rename(join(work, 'package'), directory)
  await rm(work, { recursive: true })
}

async function locked(name: string): Promise<{ version: string; integrity: string }> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'))
  return lock.packages[`node_modules/${name}`]
}
