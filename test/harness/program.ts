/** Starts programs and takes what they write. Much cheaper than execa, of which a guest would load 150 modules for each test file. */

import { spawn } from 'node:child_process'

/** How a program ended. A signal leaves it without a status. */
export interface Ending {
  status: number | null
  signal: string | null
  /** It was killed after its time. */
  timedOut: boolean
  stdout: string
  stderr: string
}

interface Options {
  /** The whole environment. Default: the caller's. */
  env?: Record<string, string | undefined>
  input?: string | Buffer
  /** Milliseconds after which it is killed. */
  timeout?: number
}

/** A program that runs. */
export interface Started {
  pid: number
  kill(signal?: NodeJS.Signals): void
  /** Its end, with its whole output; without status and signal when it could not be started. */
  ended: Promise<Ending>
}

const notStarted: Ending = { status: null, signal: null, timedOut: false, stdout: '', stderr: '' }

/** Starts a program without a shell. */
export function start(file: string, args: readonly string[], options: Options = {}): Started {
  const { env = process.env, input, timeout } = options
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  let timedOut = false
  const timer = setTimeout(
    () => {
      timedOut = child.kill('SIGKILL')
    },
    timeout ?? 2 ** 31 - 1,
  )
  const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)]
  const ended = new Promise<Ending>((resolve) => {
    child.on('error', ({ message }) => resolve({ ...notStarted, stderr: message }))
    child.on('close', (status, signal) =>
      resolve({ status, signal, timedOut, stdout: stdout(), stderr: stderr() }),
    )
  }).finally(() => clearTimeout(timer))
  child.stdin.on('error', () => {}) // EPIPE: it has ended without reading all
  child.stdin.end(input)
  return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), ended }
}

/** Collects a stream. @returns what has come so far, as text */
function textOf(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  return () => Buffer.concat(parts).toString()
}
