/** The daemon of the reference's dhcp: its plugin only asks the daemon, which holds all leases in its memory, a thread of the system for each. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { filesOf } from './dhcp-server.ts'
import { directoryOfReference, type Edition } from './reference.ts'
import { until } from './until.ts'

/** Where its plugin looks for it, unless `daemonSocketPath` names another place. */
export const usualSocket = '/run/cni/dhcp.sock'

interface Options {
  socketPath?: string
  /** Such as `-resendmax 1s`. */
  flags?: readonly string[]
}

export interface ReferenceDaemon {
  pid: number
  /** What it has logged. */
  log(): string
  /** The threads that it has of the system. */
  threads(): number
  /** Ends it by SIGTERM; its socket goes then. With SIGKILL the socket stays, and no other daemon can listen there. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Starts the daemon, and waits until it listens. It ends with the test. */
export async function referenceDaemon(
  edition: Edition = 'installed',
  { socketPath = usualSocket, flags = [] }: Options = {},
): Promise<ReferenceDaemon> {
  rmSync(socketPath, { force: true }) // 1.1.1 leaves it, and the next daemon could not listen
  const program = `${directoryOfReference(edition)}/dhcp`
  const words = ['--pdeathsig', 'SIGKILL', program, 'daemon', '-socketpath', socketPath, ...flags]
  const path = `${filesOf('reference')}.log`
  const output = openSync(path, 'w')
  const child = spawn('setpriv', words, { stdio: ['ignore', output, output] })
  closeSync(output)
  child.unref()
  const [pid, log] = [child.pid ?? 0, () => readFileSync(path, 'utf8')]
  const end = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.ref()
    child.kill(signal)
    await once(child, 'exit')
  }
  const threads = () => readdirSync(`/proc/${pid}/task`).length
  await until('the daemon of the reference listens', () => isListening(socketPath, child, log))
  return { pid, log, threads, end }
}

function isListening(socketPath: string, { exitCode }: ChildProcess, log: () => string): boolean {
  if (exitCode !== null) throw new Error(`the daemon of the reference has ended: ${log()}`)
  return readFileSync('/proc/net/unix', 'utf8').includes(` ${socketPath}\n`)
}
