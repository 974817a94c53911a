/** The interface of an engine: system calls, and the process: command line, environment, programs, exit. */

/** A system call's argument: a number is passed as it is, a buffer as the pointer to its bytes, nothing as 0. */
export type SyscallArgument = number | bigint | Uint8Array | undefined

/** A program to start. `env` is its whole environment. */
export interface Program {
  /** Absolute path of the executable. */
  path: string
  /** Arguments after `argv[0]`. */
  arguments: readonly string[]
  env: Record<string, string>
  /** The descriptors that become its standard input, output and error; it gets no others. */
  streams: readonly [number, number, number]
}

export interface Engine {
  /** The processor architecture; system call numbers depend on it. */
  architecture: 'x64' | 'arm64'
  /** The command line; the first entry is `argv[0]` as the caller wrote it. */
  commandLine(): string[]
  environment(): Record<string, string>
  /** Executes a system call and returns its result, or `-errno`. Buffers are passed as pointers. */
  syscall(number: number, ...args: SyscallArgument[]): number
  /**
   * Starts a program in a session of its own (setsid(2)), and so in a process group of its own; the caller waits for it by wait4(2).
   * @returns its process ID. One that cannot be executed exits with status 127, or the result is negative
   */
  spawn(program: Program): number
  /**
   * Executes a program in place of this one (execve(2)): with its process ID, its standard streams, its terminal and its parent.
   * Undefined where an engine cannot.
   * @returns only when that fails: `-errno`
   */
  become?(program: Omit<Program, 'streams'>): number
  /**
   * Sends a message to a socket by a process of its own, a helper, and goes on at once. The helper closes all descriptors but two, sends,
   * and ends when the kernel has processed the message, also after the caller's end. Message and stack are in use until then.
   * Its end sends no signal, so only wait4(2) with __WCLONE or __WALL sees it. Undefined where an engine cannot.
   * @param kept the other descriptor that it keeps to its end; -1 for none
   * @param stack the helper's, 8 KiB or more
   * @returns its process ID, or `-errno`
   */
  sendInBackground?(socket: number, kept: number, message: Uint8Array, stack: Uint8Array): number
  exit(status: number): never
  /**
   * Frees objects that refer to each other and to which nothing else refers: for a process that lives for long, since this engine does not
   * do it by itself. Undefined where an engine does.
   */
  collect?(): void
}
