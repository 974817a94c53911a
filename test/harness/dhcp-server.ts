/** A server that runs in a network namespace of the private host, and ends with it at the latest. What it writes is its log. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { type Netns, scratch } from './host.ts'
import { within } from './netns.ts'
import { until } from './until.ts'

export interface Server {
  pid: number
  /** What it has written until now. */
  log(): string[]
  /** SIGSTOP and SIGCONT: a server that is silent for a time, and answers what came meanwhile. */
  signal(name: NodeJS.Signals): void
  /** Ends it and waits for its end. @param by default: without a farewell */
  end(by?: NodeJS.Signals): Promise<void>
}

/** A program to start. */
export interface Program {
  file: string
  args: readonly string[]
  env?: Record<string, string | undefined>
  /** What its log contains when it serves. */
  ready: string
}

let servers = 0

/** A name for a server's files, which no other has: `/run/test/kea-3`. */
export function filesOf(kind: string): string {
  return `${scratch}/${kind}-${++servers}`
}

/** Starts a server in a namespace, undefined for the host's, and waits until it serves. @param files where its log goes @throws its log, when it ends before */
export async function serverIn(
  netns: Netns | undefined,
  files: string,
  { file, args, env = process.env, ready }: Program,
): Promise<Server> {
  const path = `${files}.log`
  const output = openSync(path, 'w')
  const child = within(netns?.name, () => spawn(file, args, { env, stdio: ['ignore', output, output] }))
  closeSync(output)
  child.unref()
  const text = () => readFileSync(path, 'utf8')
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  await until(`${file} serves`, () => {
    if (hasEnded()) throw new Error(`${file} ended: ${text()}`)
    return text().includes(ready)
  })
  return {
    pid: child.pid ?? 0,
    log: () => text().trimEnd().split('\n'),
    signal: (name) => void child.kill(name),
    end: async (by = 'SIGKILL') => {
      if (hasEnded()) return
      child.ref()
      child.kill(by)
      await once(child, 'exit')
    },
  }
}
