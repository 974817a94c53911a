/** QuickJS's bytecode compiler and library: Debian's package if new enough, else compiled once and cached. */

import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run.ts'
import { ensurePackages } from '../setup.ts'
import { compileFlags } from './hardening.ts'
import { quickjsSource } from './quickjs-source.ts'
import { type Architecture, gnu, host } from './target.ts'

export interface QuickJs {
  /** The bytecode compiler, for this machine. Its bytecode runs on all our processors. */
  qjsc: string
  /** libquickjs.a, for the target. */
  library: string
  /** The directory of the header files. */
  include: string
}

export const quickjsCache = join(import.meta.dirname, '../../.cache/quickjs')
const oldest = '2025.04'
const parts = ['quickjs', 'quickjs-libc', 'dtoa', 'libregexp', 'libunicode', 'cutils']

/** From QuickJS's Makefile. glibc has closefrom(3) since 2.34. */
const ownFlags = ['-fwrapv', '-D_GNU_SOURCE', '-DHAVE_CLOSEFROM', '-w']

/** QuickJS for a processor; installed or compiled on first use. */
export async function quickjs(target: Architecture): Promise<QuickJs> {
  if (target === host && !process.env.QUICKJS_SRC && (await debianHasIt())) return installed()
  const source = await quickjsSource(quickjsCache)
  const tools = await compiled(source, host)
  const library = join(await compiled(source, target), 'libquickjs.a')
  return { qjsc: join(tools, 'qjsc'), library, include: source }
}

/** Whether this machine's Debian has a new enough package. */
async function debianHasIt(): Promise<boolean> {
  const candidate = /Candidate: (\d\S*)/.exec(await run('apt-cache', ['policy', 'libquickjs']))?.[1]
  return candidate !== undefined && candidate >= oldest
}

async function installed(): Promise<QuickJs> {
  await ensurePackages('the build of the QuickJS engine', ['quickjs', 'libquickjs'])
  const library = `/usr/lib/${gnu[host]}/quickjs/libquickjs.a`
  return { qjsc: '/usr/bin/qjsc', library, include: '/usr/include/quickjs' }
}

/** The directory of the files compiled for a processor. The source of QUICKJS_SRC is compiled every time. */
async function compiled(source: string, architecture: Architecture): Promise<string> {
  const own = source === process.env.QUICKJS_SRC
  const directory = join(quickjsCache, `${own ? 'own' : 'built'}-${architecture}`)
  if (own || !existsSync(directory)) await compile(source, architecture, directory)
  return directory
}

async function compile(source: string, architecture: Architecture, directory: string): Promise<void> {
  const work = await mkdtemp(`${directory}-`)
  const version = (await readFile(join(source, 'VERSION'), 'utf8')).trim()
  const flags = [...compileFlags(architecture), ...ownFlags, `-DCONFIG_VERSION="${version}"`]
  const gcc = (args: string[]) => run(`${gnu[architecture]}-gcc`, args, { cwd: source })
  const object = async (part: string): Promise<string> => {
    const file = join(work, `${part}.o`)
    await gcc([...flags, '-c', `${part}.c`, '-o', file])
    return file
  }
  const objects = await Promise.all(parts.map(object))
  await run(`${gnu[architecture]}-ar`, ['rcsD', join(work, 'libquickjs.a'), ...objects])
  if (architecture === host)
    await gcc(['-o', join(work, 'qjsc'), await object('qjsc'), ...objects, '-lm', '-lpthread'])
  await rm(directory, { recursive: true, force: true })
  await rename(work, directory)
}
