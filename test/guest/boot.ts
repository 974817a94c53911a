/** A second kernel for tests: User-Mode Linux on the host's own root file system, which it can read but not write. */

import { readFileSync } from 'node:fs'
import { execa } from 'execa'
import type { Completed } from '../../engine/engine.ts'
import { ensurePackages } from '../../scripts/setup.ts'

const here = import.meta.dirname

export interface GuestOptions {
  /** Seconds after which the guest is killed; the status is 124 then, as timeout(1) has it. Default 600. */
  timeout?: number
  /** Working directory. Default: the caller's. */
  cwd?: string
  /** The command's whole environment. Default: the caller's. */
  env?: Record<string, string | undefined>
}

/** Kernel arguments: which consoles lead to which descriptor, and no devices made before they are asked for. */
const kernelArguments = [
  ...['mem=1024M', 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', 'quiet', 'panic=-1'],
  ...['con=null', 'ssl=null', 'con0=null,fd:2', 'con1=null,fd:3', 'con2=null,fd:4', 'con3=null,fd:5'],
  ...['bonding.max_bonds=0', 'dummy.numdummies=0', 'ifb.numifbs=0'],
  `init=${here}/init.sh`,
]

/**
 * Boots a guest, runs a command in it as root, and takes it down again. The command sees the host's files and may
 * write anywhere: nothing that it writes outlives it. Needs root.
 * @throws Missing when user-mode-linux cannot be installed; Error with the kernel's messages when the guest dies
 */
export async function runInGuest(command: readonly string[], options: GuestOptions = {}): Promise<Completed> {
  const { timeout = 600, cwd = process.cwd(), env = process.env } = options
  await ensurePackages('the second kernel', ['user-mode-linux', 'kmod', 'iproute2'])
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`)
  const words = ['env', '--ignore-environment', `--chdir=${cwd}`, ...variables, ...command]
  const { stdio, timedOut } = await execa('setpriv', hostCommand(), {
    input: words.map((word) => `${word}\0`).join(''),
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    timeout: timeout * 1000,
    killSignal: 'SIGKILL',
    stripFinalNewline: false,
    reject: false,
  })
  const [kernel = '', stdout = '', stderr = '', status = ''] = stdio.slice(2).map(String)
  if (timedOut) return { status: 124, stdout, stderr: `${stderr}the guest was killed after ${timeout} s\n` }
  if (status === '') throw new Error(`the guest died before its command ended; its kernel said:\n${kernel}`)
  return { status: Number(status), stdout, stderr }
}

/** Dies with the caller, whatever ends it, and the kernel's processes with their pid namespace. The mount namespace is for confine.sh. */
function hostCommand(): string[] {
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child']
  const taskset = ['taskset', '--cpu-list', nextCpu()]
  const kernel = [`${here}/confine.sh`, 'linux.uml', ...kernelArguments]
  return ['--pdeathsig', 'SIGKILL', ...unshare, ...taskset, ...kernel]
}

let started = 0

/** One CPU for each guest: its kernel hands over between processes at every system call, which costs thrice across CPUs. */
function nextCpu(): string {
  const status = readFileSync('/proc/self/status', 'utf8')
  const ranges = /Cpus_allowed_list:\s*(.*)/.exec(status)?.[1]?.split(',') ?? ['0']
  const cpus = ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
  return String(cpus[started++ % cpus.length])
}
