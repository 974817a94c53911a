/** One member of an etcd: a process that is started, killed, and stopped as if its machine hung. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './until.ts'

/** Where a member is: an address, and the network namespace that has it (default: this one). */
export interface Place {
  netns?: string
  address: string
}

/** A member before it runs. */
export interface Planned extends Place {
  name: string
  /** URLs for clients, and for other members. */
  endpoint: string
  peer: string
  /** Its data is in `data` below. */
  directory: string
}

export interface Member extends Planned {
  /** Starts it. It serves clients when `ready` ends, which needs a quorum. */
  start(): void
  ready(): Promise<void>
  /** Ends it at once (SIGKILL). Its data stay. */
  kill(): Promise<void>
  /** It does nothing until `resume`; its connections stay open. */
  pause(): void
  resume(): void
  /** Whether it runs, and is not paused. */
  answers(): boolean
  /** What it has logged since its start. */
  log(): string
}

/** @param args of etcd: called at each start */
export function newMember(planned: Planned, program: string, args: () => readonly string[]): Member {
  const logFile = join(planned.directory, 'log')
  let child: ChildProcess | undefined
  let paused = false
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null
  const log = () => readFileSync(logFile, 'utf8')
  return {
    ...planned,
    log,
    answers: () => isRunning() && !paused,
    start: () => {
      paused = false
      child = begin([...inside(planned), program, ...args()], logFile)
    },
    ready: () =>
      until(`etcd ${planned.name} serves clients`, () => {
        if (!isRunning()) throw new Error(`etcd ${planned.name} has ended: ${log().slice(-2000)}`)
        return /serving (insecure )?client (traffic|requests)/.test(log())
      }),
    kill: async () => {
      if (!child || !isRunning()) return
      child.ref()
      const end = once(child, 'exit')
      child.kill('SIGKILL')
      await end
    },
    pause: () => {
      paused = child?.kill('SIGSTOP') ?? false
    },
    resume: () => {
      paused = !child?.kill('SIGCONT')
    },
  }
}

/** What is put in front of a program to run it at a place. */
export function inside({ netns }: Pick<Place, 'netns'>): string[] {
  return netns ? ['ip', 'netns', 'exec', netns] : []
}

/** Starts a program that ends with this one. */
function begin(words: readonly string[], logFile: string): ChildProcess {
  rmSync(logFile, { force: true })
  const log = openSync(logFile, 'a')
  // Before others, where that is allowed: it must answer within the seconds of our limits while tests run beside it.
  const args = ['-n', '-10', 'setpriv', '--pdeathsig', 'SIGKILL', ...words]
  const child = spawn('nice', args, { stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  return child
}
