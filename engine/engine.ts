/** The interface of an engine: system calls, and the process: command line, environment, programs, exit. */

/** A system call's argument: a number is passed as it is, a buffer as the pointer to its bytes. */
export type SyscallArgument = number | bigint | Uint8Array

/** A program to run until it exits. `env` is its whole environment. */
export interface Program {
  /** Absolute path of the executable. */
  path: string
  /** Arguments after `argv[0]`. */
  arguments: readonly string[]
  /** Its standard input. */
  input: string
  env: Record<string, string>
}

/** A program that has exited: its exit status (128 + signal when it was killed) and its output. */
export interface Completed {
  status: number
  stdout: string
  stderr: string
}

export interface Engine {
  /** The processor architecture; system call numbers depend on it. */
  architecture: 'x64' | 'arm64'
  /** The command line; the first entry is `argv[0]` as the caller wrote it. */
  commandLine(): string[]
  environment(): Record<string, string>
  /** Executes a system call and returns its result, or `-errno`. Buffers are passed as pointers. */
  syscall(number: number, ...args: SyscallArgument[]): number
  run(program: Program): Promise<Completed>
  exit(status: number): never
}
