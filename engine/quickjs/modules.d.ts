/** The C modules in the QuickJS executable, as scripts/build/quickjs.ts names them. */

declare module 'qjs:sys' {
  /** Executes a system call; gives its result, or `-errno`. */
  export function syscall(number: number, ...args: (number | bigint | Uint8Array)[]): number
}

declare module 'qjs:bytes' {
  /** The bytes of a text that is well formed. */
  export function utf8Bytes(text: string): ArrayBuffer
  /** The text in a part of a byte array that is all ASCII; undefined when it is not, or not a part. */
  export function asciiText(bytes: Uint8Array, start: number, end: number): string | undefined
  /** Gives a prototype Buffer's methods for integers, `readUInt8` to `writeBigInt64BE`. */
  export function addIntegers(prototype: object): void
}

declare module 'qjs:std' {
  export function getenviron(): Record<string, string>
  export function exit(status: number): never
}

declare module 'qjs:os' {
  interface ExecOptions {
    /** Wait for the end; the result is then the exit status, or minus the signal. */
    block: boolean
    /** Look the program up in PATH. */
    usePath: boolean
    stdin: number
    stdout: number
    stderr: number
    env: Record<string, string>
  }
  /** Runs a program: `argv[0]` is its path. */
  export function exec(argv: string[], options: ExecOptions): number
}

/** The command line; the first entry is `argv[0]` as the caller wrote it. */
declare const scriptArgs: string[]

/** The processor, put in by the build. */
declare const __ARCHITECTURE__: 'x64' | 'arm64'

/** ECMAScript 2024 has it. */
interface String {
  toWellFormed(): string
}
