/** The kernels that guests boot: User-Mode Linux as Debian builds it, downloaded once to `.cache` and not installed. */

import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { unpackPackages } from '../../scripts/debian.ts'
import { run } from '../../scripts/run.ts'
import { ensurePackages, Missing } from '../../scripts/setup.ts'

const cache = join(import.meta.dirname, '../../.cache/guest')
const purpose = 'the guest’s kernel'

/** Source of each kernel: the newest in Debian, and the one of Debian 12, an old kernel that many hosts run. */
const suites = { newest: 'sid', '6.1': 'bookworm' } as const

export type GuestKernelName = keyof typeof suites
export const guestKernelNames = Object.keys(suites) as GuestKernelName[]

const variable = 'PATCHBAY_GUEST'

/** Chooses the kernel of all guests, also for child processes. @throws Missing for an unknown kernel */
export function chooseGuest(name: string): void {
  process.env[variable] = name
  chosenGuest()
}

/** The chosen kernel, if any. @throws Missing for an unknown kernel */
export function chosenGuest(): GuestKernelName | undefined {
  const name = process.env[variable]
  const found = guestKernelNames.find((known) => known === name)
  if (name && !found)
    throw new Missing(`no guest has the kernel ${name}: take ${guestKernelNames.join(' or ')}`)
  return found
}

export interface GuestKernel {
  /** The output of `uname -r` in the guest. */
  version: string
  /** The command that starts it; kernel arguments follow. */
  command: string[]
  /** The directory with its modules. */
  modules: string
}

const prepared = new Map<GuestKernelName, Promise<GuestKernel>>()

/**
 * A kernel that starts on this machine; fetched on first use. Debian's signature and checksums are checked.
 * @throws Missing, or an Error with the output of the failed program, when it cannot be downloaded
 */
export function guestKernel(name: GuestKernelName): Promise<GuestKernel> {
  const kernel = prepared.get(name) ?? prepare(name)
  prepared.set(name, kernel)
  return kernel
}

async function prepare(name: GuestKernelName): Promise<GuestKernel> {
  const home = join(cache, name)
  mkdirSync(cache, { recursive: true })
  if (!existsSync(home)) await unpackPackages(suites[name], async () => ['user-mode-linux', 'libc6'], home)
  const program = join(home, 'usr/bin/linux.uml')
  const version = (await versionOf(program)) ?? (await withOwnLibrary(program, home))
  const modules = join(home, 'usr/lib/uml/modules', version)
  return { version, modules, command: [...(name === '6.1' ? await preload() : []), program] }
}

/** Undefined when it does not start because this machine's C library is too old. */
async function versionOf(program: string): Promise<string | undefined> {
  const { stdout, failed } = await execa(program, ['--version'], { stdin: 'ignore', reject: false })
  return failed ? undefined : stdout?.trim()
}

/** Makes a kernel start with the C library of its own suite. ld.so on the command line is not enough: the kernel executes itself again. */
async function withOwnLibrary(program: string, home: string): Promise<string> {
  await ensurePackages(purpose, ['patchelf'])
  const library = join(home, 'usr/lib/x86_64-linux-gnu')
  const loader = join(library, 'ld-linux-x86-64.so.2')
  const patched = `${program}-${process.pid}`
  const words = ['--set-interpreter', loader, '--set-rpath', library, '--output', patched]
  await run('patchelf', [...words, program])
  renameSync(patched, program)
  return run(program, ['--version'])
}

/** The command before an old kernel's own, on every processor: see xstate.c. */
async function preload(): Promise<string[]> {
  await ensurePackages(purpose, ['gcc', 'libc6-dev'])
  const library = join(cache, 'xstate.so')
  await compile('xstate.c', library, ['-shared', '-fPIC'])
  return ['env', `LD_PRELOAD=${library}`]
}

/** Compiles one of this folder's C files, and renames the result into place. */
export async function compile(
  source: string,
  output: string,
  options: readonly string[] = [],
): Promise<void> {
  const work = `${output}-${process.pid}`
  await run('gcc', ['-O2', '-Wall', ...options, '-o', work, join(import.meta.dirname, source)])
  renameSync(work, output)
}
