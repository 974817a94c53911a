/** What an engine gives: the one primitive `syscall`, and the process around it. Nothing else. */

/** A syscall argument: a number as it is, a buffer as the pointer to its bytes. */
export type SyscallArgument = number | bigint | Uint8Array

/** A program to run to its end. `env` is its whole environment. */
export interface Program {
  /** Absolute path of the executable. */
  path: string
  /** Arguments after `argv[0]`. */
  arguments: readonly string[]
  /** What it reads on standard input. */
  input: string
  env: Record<string, string>
}

/** How a program ended: exit status (128 + signal when it was killed) and what it wrote. */
export interface Completed {
  status: number
  stdout: string
  stderr: string
}

export interface Engine {
  /** The processor, which decides the syscall numbers. */
  architecture: 'x64' | 'arm64'
  /** The command line; the first entry is `argv[0]` as the caller wrote it. */
  commandLine(): string[]
  environment(): Record<string, string>
  /** Executes a system call; gives its result, or `-errno`. Buffers are passed as pointers. */
  syscall(number: number, ...args: SyscallArgument[]): number
  run(program: Program): Promise<Completed>
  exit(status: number): never
}
