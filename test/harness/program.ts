/** Starts programs and takes what they write. Much cheaper than execa, of which a guest would load 150 modules for each test file. */

import { closeSync, readSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { readableOf } from '../../shared/kernel/clock.ts'
import { begin, wait } from './spawn.ts'

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

/** Starts a program. */
export function start(file: string, args: readonly string[], options: Options = {}): Started {
  const begun = beginOf(file, args, options)
  if (typeof begun === 'number') return { pid: 0, kill: () => {}, ended: Promise.resolve(notStarted(begun)) }
  const { pid, ...pipes } = begun
  let [runs, timedOut] = [true, false]
  const kill = (signal: NodeJS.Signals = 'SIGTERM') => void (runs && process.kill(pid, signal))
  const timer = setTimeout(() => {
    timedOut = true
    kill('SIGKILL')
  }, options.timeout ?? longest)
  const end = async (): Promise<Ending> => {
    const [stdout, stderr] = await Promise.all([textOf(pipes.stdout), textOf(pipes.stderr)])
    runs = false
    clearTimeout(timer)
    return { ...exitOf(pid), timedOut, stdout, stderr }
  }
  return { pid, kill, ended: end() }
}

/** Runs a program to its end while this one does nothing else. */
export function runAlone(file: string, args: readonly string[], options: Options = {}): Ending {
  const begun = beginOf(file, args, options)
  if (typeof begun === 'number') return notStarted(begun)
  const { pid, stdout, stderr } = begun
  const texts = new Map<number, Buffer[]>([stdout, stderr].map((fd) => [fd, []]))
  const timedOut = !readAll(new Map(texts), performance.now() + (options.timeout ?? longest))
  if (timedOut) process.kill(pid, 'SIGKILL')
  for (const fd of texts.keys()) closeSync(fd)
  const [out, err] = [...texts.values()].map((parts) => Buffer.concat(parts).toString())
  return { ...exitOf(pid), timedOut, stdout: out ?? '', stderr: err ?? '' }
}

const longest = 2 ** 31 - 1

function beginOf(file: string, args: readonly string[], { env = process.env, input = '' }: Options) {
  const variables = Object.entries(env).filter(([, value]) => value !== undefined)
  const words = variables.map(([name, value]) => `${name}=${value}`)
  return begin(file, args, words, Buffer.from(input))
}

function notStarted(errno: number): Ending {
  const stderr = `it cannot be started: ${getSystemErrorName(-errno)}`
  return { status: null, signal: null, timedOut: false, stdout: '', stderr }
}

function exitOf(pid: number): Pick<Ending, 'status' | 'signal'> {
  const { status, signal } = wait(pid)
  const [name = null] = Object.entries(constants.signals).find(([, number]) => number === signal) ?? []
  return { status, signal: name }
}

/** Reads pipes to their ends, at once. @param open their parts, by descriptor @returns whether the time was enough */
function readAll(open: Map<number, Buffer[]>, end: number): boolean {
  while (open.size > 0) {
    const ready = readableOf([...open.keys()], Math.max(0, end - performance.now()))
    if (ready.length === 0) return false
    for (const fd of ready) {
      const part = Buffer.alloc(65_536)
      const count = readSync(fd, part)
      if (count === 0) open.delete(fd)
      else open.get(fd)?.push(part.subarray(0, count))
    }
  }
  return true
}

/** All that comes from a pipe, which is closed then. */
async function textOf(fd: number): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of new Socket({ fd, readable: true, writable: false })) parts.push(part)
  return Buffer.concat(parts).toString()
}
