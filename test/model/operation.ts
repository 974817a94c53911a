/** System calls as values: what a process asks of the kernel, and the kernel's answer. */

import type { SyscallArgument } from '../../engine/engine.ts'
import { type SyscallName, syscallNumbers } from '../../shared/kernel/syscall.ts'

/** A system call. Bytes are texts (latin1), paths without their NUL; a buffer to fill is its length. */
export interface Operation {
  name: SyscallName
  args: (number | string)[]
}

/** The result, or `-errno`, and the bytes for the buffer. */
export interface Answer {
  value: number
  bytes?: string
}

const names = new Map<number, SyscallName>(
  Object.entries(syscallNumbers).map(([name, number]) => [number, name as SyscallName]),
)

/** The argument that the kernel fills, where there is one. */
const filled: Partial<Record<SyscallName, number>> = {
  clock_gettime: 1,
  getdents64: 1,
  pread64: 1,
  read: 1,
  readlinkat: 2,
  statx: 4,
}
const binary: Partial<Record<SyscallName, number>> = { write: 1, pwrite64: 1, utimensat: 2, ppoll: 2 }

export function operationOf(number: number, args: readonly SyscallArgument[]): Operation {
  const name = names.get(number)
  if (!name) throw new Error(`system call ${number} is not in the table`)
  const convert = (arg: SyscallArgument, at: number) => {
    if (typeof arg !== 'object') return Number(arg)
    if (filled[name] === at) return arg.length
    const bytes = Buffer.from(arg).toString('latin1')
    return binary[name] === at ? bytes : bytes.replace(/\0$/, '')
  }
  return { name, args: args.map(convert) }
}

/** Gives an answer to the program that made the system call. */
export function deliver({ value, bytes }: Answer, number: number, args: readonly SyscallArgument[]): number {
  const buffer = args[filled[names.get(number) as SyscallName] ?? -1]
  if (bytes !== undefined && typeof buffer === 'object') buffer.set(Buffer.from(bytes, 'latin1'))
  return value
}
