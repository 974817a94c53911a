/** The Node engine: libc's `syscall` through node:ffi, programs through node:child_process, the rest through `process`. */

import type { Engine, SyscallArgument } from '../engine.ts'

type Ffi = any

/** The two libc functions, found on first use: a startup snapshot cannot hold them. */
let libc:
  | { syscall(...args: bigint[]): bigint; errno(): number; pointer(data: Uint8Array): bigint }
  | undefined

function openLibc(): NonNullable<typeof libc> {
  const ffi: Ffi = (process as any).getBuiltinModule('node:ffi')
  const i64 = 'i64'
  const { functions } = ffi.dlopen(null, {
    syscall: { arguments: [i64, i64, i64, i64, i64, i64, i64], return: i64 },
    __errno_location: { arguments: [], return: 'pointer' },
  })
  return {
    syscall: functions.syscall,
    errno: () => ffi.getInt32(functions.__errno_location(), 0),
    pointer: (data) => ffi.getRawPointer(data),
  }
}

export const architecture: Engine['architecture'] = process.arch === 'arm64' ? 'arm64' : 'x64'

export const syscall: Engine['syscall'] = (number, ...args) => {
  libc ??= openLibc()
  const words = [BigInt(number), 0n, 0n, 0n, 0n, 0n, 0n]
  for (const [index, argument] of args.entries()) words[index + 1] = word(argument)
  const result = libc.syscall(...words)
  return result === -1n ? -libc.errno() : Number(result)
}

/** The value of a register: a number as it is, a buffer as a pointer. An empty buffer has no address: 0. */
function word(argument: SyscallArgument = 0): bigint {
  if (typeof argument === 'object') return argument.length === 0 ? 0n : (libc as any).pointer(argument)
  return BigInt.asIntN(64, BigInt(argument))
}

export const commandLine: Engine['commandLine'] = () => [process.argv0, ...process.argv.slice(2)]

export const environment: Engine['environment'] = () => ({ ...process.env }) as Record<string, string>

/** Node's own handle never hears of the exit, because the caller waits for the process: it must not keep Node running. */
export const spawn: Engine['spawn'] = ({ path, arguments: args, env, streams }) => {
  const { spawn: start } = process.getBuiltinModule('node:child_process')
  try {
    const child = start(path, args, { env, stdio: [...streams], detached: true })
    child.on('error', () => {})
    child.unref()
    return child.pid ?? -1
  } catch {
    return -1
  }
}

/** What is executed in place of another program is this engine. */
export const become: Engine['become'] = undefined

export const collect: Engine['collect'] = undefined

/** A process that shares Node's memory would share its threads' locks: Node waits. */
export const sendInBackground: Engine['sendInBackground'] = undefined

export const exit: Engine['exit'] = (status) => process.exit(status)
