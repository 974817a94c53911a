/** Programs that root runs on this host, outside of containers. A user can give a process any name: it is not believed. */

import { KernelError, tolerate } from '../../shared/kernel/errno.ts'
import { readDirectory, readFile, readLink } from '../../shared/kernel/files.ts'

/** A process of a program. */
export interface Process {
  pid: number
  name: string
  /** The path of its program; undefined for another user than root. */
  program?: string
  arguments: string[]
}

/** The processes of root of some programs, by the name that the kernel knows (proc_pid_comm(5)). @throws KernelError without /proc */
export function processesOf(names: readonly string[]): Process[] {
  return readDirectory('/proc')
    .filter(({ name }) => /^\d+$/.test(name))
    .flatMap(({ name: pid }) => processOf(pid, names))
}

function processOf(pid: string, names: readonly string[]): Process[] {
  const read = (file: string) => tolerate(() => readFile(`/proc/${pid}/${file}`), 'ENOENT', 'ESRCH', 'EACCES')
  const name = read('comm')?.trim() ?? ''
  if (!names.includes(name)) return []
  const status = read('status')
  if (isInContainer(status) || !isOfRoot(status)) return []
  return [
    {
      ...{ pid: Number(pid), name, program: programOf(pid) },
      arguments: (read('cmdline') ?? '').split('\0').filter((word) => word !== ''),
    },
  ]
}

/** A process in a PID namespace below this one has a number in each (proc_pid_status(5), NSpid). */
function isInContainer(status = ''): boolean {
  return /^NSpid:\t\d+\t/m.test(status)
}

/** By the real user ID, which a program that is set-user-ID root does not change (proc_pid_status(5), Uid). */
function isOfRoot(status = ''): boolean {
  return /^Uid:\t0\t/m.test(status)
}

function programOf(pid: string): string | undefined {
  try {
    return readLink(`/proc/${pid}/exe`)
  } catch (error) {
    if (error instanceof KernelError) return undefined
    throw error
  }
}

/** The value of a flag in a command line: `--config FILE`, `--config=FILE`, `-c FILE`. */
export function valueIn(words: readonly string[], ...flags: readonly string[]): string | undefined {
  const at = words.findIndex((word) => flags.includes(word.split('=')[0] ?? ''))
  const [word = ''] = words.slice(at)
  if (at < 0) return undefined
  return word.includes('=') ? word.slice(word.indexOf('=') + 1) : words[at + 1]
}
