/**
 * Runs a program to its end, bounded in time and in output. Its input is a file in memory, so it need not read it; its output
 * comes through pipes.
 */

import { spawn } from '#engine'
import type { Program as Start } from '../../engine/engine.ts'
import { now, readableOf } from './clock.ts'
import { KernelError } from './errno.ts'
import { close, type Fd, writeAll } from './files.ts'
import { cstring, must, syscall } from './syscall.ts'

/** A program to run. `env` is its whole environment. */
export interface Program extends Omit<Start, 'streams'> {
  /** Its standard input. */
  input: string
}

/** What a program may take. One that takes more is killed, with its process group. */
export interface Bounds {
  milliseconds: number
  /** Of standard output, and of standard error. */
  bytes: number
}

/** A program that has ended: its exit status (128 + signal when it was killed) and its output. */
export interface Completed {
  status: number
  stdout: string
  stderr: string
  /** Why it was killed: `did not end within 90 s`. */
  killed?: string
}

/** Below a runtime's patience: kubelet gives the removal of a pod two minutes, and a pod's start, where a DEL may follow an ADD, four. */
export const usual: Bounds = { milliseconds: 90_000, bytes: 8 * 1024 * 1024 }

/** Runs a program. One that cannot be started has status 127, as in a shell. @throws KernelError */
export function run(program: Program, bounds = usual): Completed {
  const input = memoryFile(program.input)
  const [out, err] = [openPipe(), openPipe()]
  try {
    const pid = spawn({ ...program, streams: [input, out.end, err.end] })
    for (const { end } of [out, err]) close(end)
    if (pid < 0) return { status: 127, stdout: '', stderr: '' }
    const ended = watch(pid, [out, err], bounds)
    return { ...ended, stdout: textOf(out), stderr: textOf(err) }
  } finally {
    for (const fd of [input, out.fd, err.fd]) close(fd)
  }
}

const [MFD_CLOEXEC, SEEK_SET, O_CLOEXEC] = [1, 0, 0o2000000]

/** A file in memory that contains a text (memfd_create(2)); the position is its start. */
export function memoryFile(text: string): Fd {
  const fd = must('open a file in memory', 'memfd_create', cstring('patchbay'), MFD_CLOEXEC)
  writeAll(fd, Buffer.from(text))
  must('rewind a file in memory', 'lseek', fd, 0, SEEK_SET)
  return fd
}

/** A pipe that a program writes into, and what was read from it. */
interface Pipe {
  fd: Fd
  /** The program's end. */
  end: Fd
  parts: Buffer[]
  bytes: number
  open: boolean
}

function openPipe(): Pipe {
  const fds = Buffer.alloc(8)
  must('make a pipe', 'pipe2', fds, O_CLOEXEC)
  return { fd: fds.readInt32LE(0), end: fds.readInt32LE(4), parts: [], bytes: 0, open: true }
}

function receive(pipe: Pipe): void {
  const part = Buffer.alloc(pipe.bytes === 0 ? 4096 : 65536)
  const count = must('read the output of a program', 'read', pipe.fd, part, part.length)
  pipe.open = count > 0
  pipe.parts.push(part.subarray(0, count))
  pipe.bytes += count
}

function textOf({ parts }: Pipe): string {
  return Buffer.concat(parts).toString()
}

type Ended = Pick<Completed, 'status' | 'killed'>

/** Waits for a program and kills it when it exceeds a bound, or when the wait itself fails. */
function watch(pid: number, pipes: readonly Pipe[], bounds: Bounds): Ended {
  const exit = syscall('pidfd_open', pid, 0)
  let killed: string | undefined = 'could not be watched'
  try {
    if (exit < 0) throw new KernelError(-exit, `watch process ${pid}`)
    killed = excess(exit, pipes, bounds)
  } finally {
    if (killed) kill(pid, exit)
    close(exit)
  }
  return { status: statusOf(pid), ...(killed && { killed }) }
}

/** The time in which what a program has started may still write after its exit: `exec > >(tee log)` in a shell. */
const LINGER_MILLISECONDS = 300

/** Reads the output until the program has exited. @returns which bound it exceeded; undefined when none */
function excess(exit: Fd, pipes: readonly Pipe[], { milliseconds, bytes }: Bounds): string | undefined {
  let end = now() + milliseconds
  let runs = true
  for (;;) {
    const open = pipes.filter((pipe) => pipe.open)
    if (!runs && open.length === 0) return undefined
    const ready = readableOf([...(runs ? [exit] : []), ...open.map(({ fd }) => fd)], end - now())
    if (ready.length === 0) return runs ? `did not end within ${milliseconds / 1000} s` : undefined
    for (const pipe of open) if (ready.includes(pipe.fd)) receive(pipe)
    if (open.some((pipe) => pipe.bytes > bytes)) return `wrote more than ${inUnits(bytes)}`
    if (runs && ready.includes(exit)) {
      runs = false
      end = Math.min(end, now() + LINGER_MILLISECONDS)
    }
  }
}

function inUnits(bytes: number): string {
  return bytes % 1_048_576 === 0 ? `${bytes / 1_048_576} MiB` : `${bytes} bytes`
}

const SIGKILL = 9
const KILLED_MILLISECONDS = 1000

/** Kills the process group that a program leads, and waits for its end: only the kernel can hold it up. */
function kill(pid: number, exit: Fd): void {
  for (const target of [-pid, pid]) syscall('kill', target, SIGKILL)
  readableOf([exit], KILLED_MILLISECONDS)
}

const WNOHANG = 1

/** The exit status of a process that has ended (wait4(2)), 128 + signal when it was killed. */
function statusOf(pid: number): number {
  const status = Buffer.alloc(4)
  if (syscall('wait4', pid, status, WNOHANG, 0) !== pid) return 128 + SIGKILL
  const [signal, code] = [status.readUInt8(0) & 0x7f, status.readUInt8(1)]
  return signal === 0 ? code : 128 + signal
}
