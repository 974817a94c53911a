/** The kernels that tests run on: the machine's own, and those of guests, which have other features. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { GuestDied, type GuestOptions, runInGuest } from '../guest/boot.ts'
import { chosenGuest, type GuestKernelName, guestKernelNames } from '../guest/kernel.ts'
import { privateCommand, watchMachine } from '../harness/private.ts'
import { movesFirst } from './launch.ts'
import { endingsOf, serveCommand, unfinished } from './serve.ts'

const root = join(import.meta.dirname, '../..')

/** How a program ended. */
export interface Ending {
  output: string
  /** Undefined when a signal ended it. */
  status: number | undefined
}

/** How a test file ended. */
export interface Ended extends Ending {
  file: string
  seconds: number
}

export interface Kernel {
  /** The report shows it after a test file's name. */
  name: string
  /** Runs a program in the project's folder. @param limit in seconds */
  run(command: readonly string[], limit: number): Promise<Ending>
  /** Runs test files one after another. @param limit seconds for each file */
  runFiles(files: readonly string[], limit: number): Promise<Ended[]>
  /** The kernel of a guest. */
  guest?: GuestKernelName
  /** Test files that it always runs, even when an earlier kernel can run them. */
  always?: readonly string[]
}

/** The machine's own kernel. */
export const native: Kernel = {
  name: 'this kernel',
  run: async ([file = '', ...args], limit) => {
    const env = { NO_COLOR: '1' }
    const options = { cwd: root, env, stdin: 'ignore', all: true, reject: false, preferLocal: true } as const
    const { all, exitCode, timedOut } = await execa(file, args, { ...options, timeout: limit * 1000 })
    return { output: timedOut ? `${all}\nstopped after ${limit} s` : all, status: exitCode }
  },
  runFiles: async (files, limit) => {
    const ended: Ended[] = []
    for (const file of files) {
      const start = performance.now()
      const ending = await runHere(file, limit)
      ended.push({ file, ...ending, seconds: (performance.now() - start) / 1000 })
    }
    return ended
  },
}

/** A unit test starts at once; a kernel test on a private host, whose machine is looked at before and after. */
async function runHere(file: string, limit: number): Promise<Ending> {
  if (!movesFirst(readFileSync(join(root, file), 'utf8'))) return native.run([process.execPath, file], limit)
  const changes = watchMachine()
  const ending = await native.run(privateCommand([file]), limit)
  const changed = changes()
  return changed === '' ? ending : { output: `${ending.output}\n${changed}`, status: 1 }
}

/** A kernel in a guest; a guest that dies counts as a failed program. */
function guest(kernel: GuestKernelName, output?: string): Kernel {
  const options = { kernel, cwd: root, output }
  return {
    name: `guest ${kernel}`,
    guest: kernel,
    run: async (command, limit) => {
      try {
        const { stdout, stderr, status } = await runInGuest(command, { ...options, timeout: limit })
        return { output: stdout + stderr, status }
      } catch (error) {
        return { output: (error as Error).message, status: undefined }
      }
    },
    runFiles: (files, limit) => serveFiles(options, files, limit),
    always: onEveryKernel,
  }
}

/** Runs files in one guest; when a file ends the guest, it has failed, and another guest runs the rest. */
async function serveFiles(options: GuestOptions, files: readonly string[], limit: number): Promise<Ended[]> {
  const { output, last } = await inOneGuest(serveCommand(files, limit), {
    ...options,
    timeout: 2 * limit,
  })
  const ended = endingsOf(files, output)
  const [fatal, ...rest] = files.slice(ended.length)
  if (!fatal) return ended
  const death = { file: fatal, output: `${unfinished(output)}\n${last}`, status: undefined, seconds: 0 }
  return [...ended, death, ...(rest.length > 0 ? await serveFiles(options, rest, limit) : [])]
}

/** @returns the output, and the guest's last words when it died */
async function inOneGuest(command: readonly string[], options: GuestOptions) {
  try {
    const { stdout, stderr } = await runInGuest(command, options)
    return { output: stdout, last: stderr }
  } catch (error) {
    return { output: error instanceof GuestDied ? error.stdout : '', last: (error as Error).message }
  }
}

/** Files that run in every guest, because their features differ most between kernels. */
const onEveryKernel = ['bridge', 'bridge-vlan', 'netlink', 'vcan'].map(
  (name) => `test/kernel/${name}.test.ts`,
)

/**
 * The guests' kernels in the order of their probes, or the chosen one. Debian has User-Mode Linux for x86-64 only.
 * @param output a directory of the host that programs there may write to
 */
export function guests(output?: string): Kernel[] {
  const names = process.arch === 'x64' ? guestKernelNames : []
  const chosen = chosenGuest()
  return names.filter((name) => !chosen || name === chosen).map((name) => guest(name, output))
}

/** All kernels, in the order of their probes. */
export function kernels(): Kernel[] {
  return [native, ...guests()]
}
