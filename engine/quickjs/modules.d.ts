/** The C modules in the QuickJS executable; snapshot.c lists them. */

declare module 'qjs:syscall' {
  /** Executes a system call and returns its result, or `-errno`. */
  export function syscall(number: number, ...args: (number | bigint | Uint8Array)[]): number
}

declare module 'qjs:spawn' {
  /**
   * Starts a program: `argv[0]` is its path, each string ends with a NUL. The descriptors become its standard streams.
   * @returns its process ID, or `-errno`
   */
  export function spawn(
    argv: Uint8Array,
    env: Uint8Array,
    stdin: number,
    stdout: number,
    stderr: number,
  ): number
  /** Executes a program in this process, which keeps its descriptors as far as they have no CLOEXEC. @returns only when that fails: `-errno` */
  export function become(argv: Uint8Array, env: Uint8Array): number
}

declare module 'qjs:background' {
  /** Sends a message by a process of its own: engine.ts describes it. @returns its process ID, or `-errno` */
  export function sendInBackground(
    socket: number,
    kept: number,
    message: Uint8Array,
    stack: Uint8Array,
  ): number
}

declare module 'qjs:bytes' {
  /** The UTF-8 bytes of a text that is well formed. */
  export function utf8Bytes(text: string): ArrayBuffer
  /** The text in a range of a byte array; undefined when the bytes are not all ASCII or the range is invalid. */
  export function asciiText(bytes: Uint8Array, start: number, end: number): string | undefined
  /** Adds Buffer's methods for integers to a prototype: `readUInt8` to `writeBigInt64BE`. */
  export function addIntegers(prototype: object): void
}

declare module 'qjs:sha512' {
  /** The SHA-512 hash of a byte array: 64 bytes. */
  export function sha512(bytes: Uint8Array): ArrayBuffer
}

declare module 'qjs:process' {
  /** The command line; the first entry is `argv[0]` as the caller wrote it. */
  export function commandLine(): string[]
  export function environment(): Record<string, string>
  export function exit(status: number): never
  /** Frees objects that refer to each other and to which nothing else refers. */
  export function collect(): void
}

/** The processor architecture, inserted by the build. */
declare const __ARCHITECTURE__: 'x64' | 'arm64'

/** From ECMAScript 2024. */
interface String {
  toWellFormed(): string
}
