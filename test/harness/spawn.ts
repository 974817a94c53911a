/**
 * Begins programs by libc's posix_spawn. Node copies its own page tables for each program that it starts, which takes a guest three times
 * as long as the start itself.
 */

import { dlopen, getRawPointer } from 'node:ffi'
import { closeSync, writeSync } from 'node:fs'
import { cstring, must, syscall } from '../../shared/kernel/syscall.ts'

const [pointer, i32] = ['u64', 'i32'] as const
const { functions: libc } = dlopen(null, {
  posix_spawnp: { arguments: [pointer, 'string', pointer, pointer, pointer, pointer], return: i32 },
  posix_spawn_file_actions_init: { arguments: [pointer], return: i32 },
  posix_spawn_file_actions_adddup2: { arguments: [pointer, i32, i32], return: i32 },
  posix_spawn_file_actions_destroy: { arguments: [pointer], return: i32 },
  posix_spawnattr_init: { arguments: [pointer], return: i32 },
  posix_spawnattr_setflags: { arguments: [pointer, 'i16'], return: i32 },
  posix_spawnattr_setsigdefault: { arguments: [pointer, pointer], return: i32 },
})

const [O_CLOEXEC, MFD_CLOEXEC] = [0o2000000, 1]
const POSIX_SPAWN_SETSIGDEF = 4
/** Node ignores it, and what is ignored stays so in a new program. */
const SIGPIPE = 13

/** A program that runs, and the ends of its output's pipes. */
export interface Begun {
  pid: number
  stdout: number
  stderr: number
}

/** What a pipe takes before it is read. */
const PIPE_BYTES = 65_536

/**
 * Begins a program, which is looked for in PATH, with all its input there already.
 * @param env `NAME=VALUE`
 * @returns an errno when it cannot be started
 */
export function begin(
  file: string,
  args: readonly string[],
  env: readonly string[],
  input: Buffer,
): Begun | number {
  const [stdout, stderr] = [openPipe(), openPipe()]
  const pid = Buffer.alloc(4)
  const ends = [inputOf(input), stdout.write, stderr.write]
  const errno = spawn(pid, file, [file, ...args], env, ends)
  ends.forEach(closeSync)
  if (errno === 0) return { pid: pid.readInt32LE(0), stdout: stdout.read, stderr: stderr.read }
  for (const { read } of [stdout, stderr]) closeSync(read)
  return errno
}

/** A pipe, as from a runtime, or a file in memory for what no pipe takes at once. */
function inputOf(input: Buffer): number {
  if (input.length > PIPE_BYTES) return memoryFile(input)
  const { read, write } = openPipe()
  if (input.length > 0) writeSync(write, input)
  closeSync(write)
  return read
}

function memoryFile(data: Buffer): number {
  const fd = must('open a file in memory', 'memfd_create', cstring('input'), MFD_CLOEXEC)
  writeSync(fd, data)
  must('rewind a file in memory', 'lseek', fd, 0, 0)
  return fd
}

function openPipe(): { read: number; write: number } {
  const fds = Buffer.alloc(8)
  must('make a pipe', 'pipe2', fds, O_CLOEXEC)
  return { read: fds.readInt32LE(0), write: fds.readInt32LE(4) }
}

/** @param ends become the descriptors 0, 1 and 2 @returns an errno, or 0 */
function spawn(
  pid: Buffer,
  file: string,
  args: readonly string[],
  env: readonly string[],
  ends: number[],
): number {
  const actions = Buffer.alloc(512) // larger than glibc's posix_spawn_file_actions_t
  const [argv, envp] = [strings(args), strings(env)]
  libc.posix_spawn_file_actions_init(at(actions))
  for (const [number, end] of ends.entries()) libc.posix_spawn_file_actions_adddup2(at(actions), end, number)
  const errno = libc.posix_spawnp(at(pid), file, at(actions), at(attributes()), at(argv.list), at(envp.list))
  libc.posix_spawn_file_actions_destroy(at(actions))
  return errno
}

let made: Buffer | undefined

/** A posix_spawnattr_t by which SIGPIPE ends the program. */
function attributes(): Buffer {
  if (made) return made
  made = Buffer.alloc(1024)
  const signals = Buffer.alloc(128)
  signals.writeUInt32LE(1 << (SIGPIPE - 1))
  libc.posix_spawnattr_init(at(made))
  libc.posix_spawnattr_setsigdefault(at(made), at(signals))
  libc.posix_spawnattr_setflags(at(made), POSIX_SPAWN_SETSIGDEF)
  return made
}

/** A list of C strings that ends with a null; the texts live as long as the value. */
function strings(texts: readonly string[]): { list: Buffer; kept: Buffer[] } {
  const kept = texts.map((text) => Buffer.from(`${text}\0`))
  const list = Buffer.alloc(8 * (kept.length + 1))
  for (const [index, text] of kept.entries()) list.writeBigUInt64LE(at(text), 8 * index)
  return { list, kept }
}

function at(data: Buffer): bigint {
  return BigInt(getRawPointer(data))
}

/** How a process has ended. */
export interface Exit {
  status: number | null
  /** The number of a signal. */
  signal: number | null
}

/** Waits for the end of a process (wait4(2)). */
export function wait(pid: number): Exit {
  const status = Buffer.alloc(4)
  while (syscall('wait4', pid, status, 0, 0) !== pid);
  const signal = status.readUInt8(0) & 0x7f
  return signal === 0 ? { status: status.readUInt8(1), signal: null } : { status: null, signal }
}
