/** Boots guests for tests: User-Mode Linux on the host's root file system, read-only. */

import { readFileSync } from 'node:fs'
import { execa } from 'execa'
import { ensurePackages } from '../../scripts/setup.ts'
import type { Completed } from '../../shared/kernel/run.ts'
import { chosenGuest, type GuestKernel, type GuestKernelName, guestKernel } from './kernel.ts'

const here = import.meta.dirname

export interface GuestOptions {
  /** Default: the chosen one, or the newest. */
  kernel?: GuestKernelName | undefined
  /** Seconds after which the guest is killed, with status 124 as in timeout(1). Default 600. */
  timeout?: number
  /** Working directory. Default: the caller's. */
  cwd?: string
  /** The command's whole environment. Default: the caller's. */
  env?: Record<string, string | undefined>
  /** The socket of a program that emulates a network device over vhost-user. */
  nic?: string
  /** A directory of the host that the command may write to, at the same path. Default: none. */
  output?: string
}

/** Kernel arguments: the descriptor of each console, and no automatically created tunnel devices. */
const kernelArguments = [
  ...['mem=1024M', 'root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', 'quiet', 'panic=-1'],
  ...['con=null', 'ssl=null', 'con0=null,fd:2', 'con1=null,fd:3', 'con2=null,fd:4', 'con3=null,fd:5'],
  ...['bonding.max_bonds=0', 'dummy.numdummies=0', 'ifb.numifbs=0'],
  'seccomp=auto', // newer kernels intercept system calls with seccomp, several times as fast as with ptrace
  `init=${here}/init.sh`,
]

/** A guest that died, with the standard output until then. */
export class GuestDied extends Error {
  readonly stdout: string
  constructor(message: string, stdout: string) {
    super(message)
    this.stdout = stdout
  }
}

/**
 * Boots a guest, runs a command in it as root, and stops the guest. The command sees the host's files and may
 * write anywhere; what it writes is lost with the guest, except in `output`. Needs root.
 * @throws Missing when a package cannot be installed; GuestDied with the kernel's last messages
 */
export async function runInGuest(command: readonly string[], options: GuestOptions = {}): Promise<Completed> {
  const { timeout = 600, cwd = process.cwd(), env = process.env, nic, output = '' } = options
  await ensurePackages('a guest', ['kmod', 'iproute2'])
  const kernel = await guestKernel(options.kernel ?? chosenGuest() ?? 'newest')
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value ?? ''}`)
  const words = ['env', '--ignore-environment', `--chdir=${cwd}`, ...variables, ...command]
  const cpu = takeCpu()
  const { stdio, timedOut } = await execa('setpriv', hostCommand(kernel, cpu, nic, output), {
    input: [output, ...words].map((word) => `${word}\0`).join(''),
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    timeout: timeout * 1000,
    killSignal: 'SIGKILL',
    stripFinalNewline: false,
    reject: false,
  }).finally(() => guestsOn.set(cpu, guests(cpu) - 1))
  const [messages = '', stdout = '', stderr = '', status = ''] = stdio.slice(2).map(String)
  if (timedOut) return { status: 124, stdout, stderr: `${stderr}the guest was killed after ${timeout} s\n` }
  if (status === '')
    throw new GuestDied(
      `Linux ${kernel.version} died in the guest; its last messages:\n${lastWords(messages)}`,
      stdout,
    )
  return { status: Number(status), stdout, stderr }
}

/** The last messages of a kernel, without stack traces, and without the shell's message about its end. */
function lastWords(messages: string): string {
  const isStack = (line: string) => /^Stack:|^Call Trace:|^ +\[<|^ [0-9a-f]{8} |confine\.sh: line/.test(line)
  const lines = messages.trim().split('\n')
  return lines
    .filter((line) => !isStack(line))
    .slice(-5)
    .join('\n')
}

/** include/uapi/linux/virtio_ids.h. */
const VIRTIO_ID_NET = 1

/** The guest ends when the caller ends, and its processes end with their pid namespace. The mount namespace is for confine.sh. */
function hostCommand(
  { command, modules }: GuestKernel,
  cpu: number,
  nic: string | undefined,
  output: string,
): string[] {
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--kill-child']
  const taskset = ['taskset', '--cpu-list', String(cpu)]
  const devices = nic ? [`virtio_uml.device=${nic}:${VIRTIO_ID_NET}`] : []
  const kernel = [...command, ...kernelArguments, `guest_modules=${modules}`, ...devices]
  return ['--pdeathsig', 'SIGKILL', ...unshare, ...taskset, `${here}/confine.sh`, output, ...kernel]
}

/** How many guests of this program run on each CPU. */
const guestsOn = new Map<number, number>()
const guests = (cpu: number) => guestsOn.get(cpu) ?? 0

/** One CPU for each guest, the least used: its kernel switches processes at every system call, three times as slow across CPUs. */
function takeCpu(): number {
  const cpus = allowedCpus()
  const start = process.pid % cpus.length // guests of another program likely start on another CPU
  const inTurn = [...cpus.slice(start), ...cpus.slice(0, start)]
  const [cpu = 0] = inTurn.sort((one, other) => guests(one) - guests(other))
  guestsOn.set(cpu, guests(cpu) + 1)
  return cpu
}

/** The CPUs that this program may run on, `0-3,7` in proc_pid_status(5). */
function allowedCpus(): number[] {
  const status = readFileSync('/proc/self/status', 'utf8')
  const ranges = /Cpus_allowed_list:\s*(.*)/.exec(status)?.[1]?.split(',') ?? ['0']
  return ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}
