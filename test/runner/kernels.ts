/** The kernels that tests run on: the machine's own, and those of guests, which have other features. */

import { join } from 'node:path'
import { execa } from 'execa'
import { runInGuest } from '../guest/boot.ts'
import { chosenGuest, type GuestKernelName, guestKernelNames } from '../guest/kernel.ts'

const root = join(import.meta.dirname, '../..')

/** How a program ended. */
export interface Ending {
  output: string
  /** Undefined when a signal ended it. */
  status: number | undefined
}

export interface Kernel {
  /** The report shows it after a test file's name. */
  name: string
  /** Runs a program in the project's folder. @param timeout in seconds */
  run(command: readonly string[], timeout: number): Promise<Ending>
  /** The kernel of a guest. */
  guest?: GuestKernelName
  /** Test files that it always runs, even when an earlier guest can run them. */
  always?: readonly string[]
}

/** The machine's own kernel. */
export const native: Kernel = {
  name: 'this kernel',
  run: async ([file = '', ...args], timeout) => {
    const env = { NO_COLOR: '1' }
    const options = { cwd: root, env, stdin: 'ignore', all: true, reject: false, preferLocal: true } as const
    const { all, exitCode, timedOut } = await execa(file, args, { ...options, timeout: timeout * 1000 })
    return { output: timedOut ? `${all}\nstopped after ${timeout} s` : all, status: exitCode }
  },
}

/** A kernel in a guest; a guest that dies counts as a failed program. */
function guest(kernel: GuestKernelName): Kernel {
  return {
    name: `guest ${kernel}`,
    guest: kernel,
    run: async (command, timeout) => {
      try {
        const { stdout, stderr, status } = await runInGuest(command, { kernel, cwd: root, timeout })
        return { output: stdout + stderr, status }
      } catch (error) {
        return { output: (error as Error).message, status: undefined }
      }
    },
    always: kernel === '6.1' ? onOldKernel : [],
  }
}

/** Files that always run on the old kernel too, because their features differ most between kernels. */
const onOldKernel = [
  'bond-on-host',
  'bridge',
  'bridge-vlan',
  'macvlan',
  'netlink',
  'vcan',
  'vlan',
  'vxlan',
].map((name) => `test/kernel/${name}.test.ts`)

/** The guests' kernels in the order of their probes, or the chosen one. Debian has User-Mode Linux for x86-64 only. */
export function guests(): Kernel[] {
  const names = process.arch === 'x64' ? guestKernelNames : []
  const chosen = chosenGuest()
  return names.filter((name) => !chosen || name === chosen).map(guest)
}

/** All kernels, in the order of their probes. */
export function kernels(): Kernel[] {
  return [native, ...guests()]
}
