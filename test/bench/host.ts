/** The private host of one candidate: no other candidate's links, rules or records are on it. It ends with this program. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../harness/until.ts'
import type { Service } from './subjects/subject.ts'

export interface Host {
  /** A process that is there. */
  pid: number
  /** The directory that is its /var/lib/cni. */
  state: string
}

/** Makes a host. Its namespace `there` holds the ends of what was attached before. @param state a new directory */
export async function makeHost(state: string): Promise<Host> {
  mkdirSync(state, { recursive: true })
  const script = [join(import.meta.dirname, 'host.sh'), state]
  const child = spawn('unshare', ['--net', '--mount', '--propagation', 'private', ...script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [first] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  if (child.pid === undefined || String(first).trim() !== 'ready') throw new Error(`no host: ${first}`)
  for (const handle of [child, child.stdout, child.stdin]) (handle as unknown as { unref(): void }).unref()
  return { pid: child.pid, state }
}

const into = (pid: number) => ['--target', String(pid), '--net', '--mount']

/** Runs a program on a host. @throws with its output when it fails */
export function onHost({ pid }: Host, command: readonly string[], input = ''): void {
  const { status, stderr, error } = spawnSync('nsenter', [...into(pid), ...command], {
    input,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${error ?? stderr.slice(0, 500)}`)
}

/** Executes lines of `ip` on a host, all by one program. @param inside a namespace of the host */
export function ipLines(host: Host, lines: readonly string[], inside?: string): void {
  if (lines.length === 0) return
  onHost(host, ['ip', ...(inside ? ['-n', inside] : []), '-batch', '-'], `${lines.join('\n')}\n`)
}

/** Starts a program on a host, and waits until it serves. It ends with the process namespace. @throws when it does not serve */
export async function serve({ pid }: Host, { command, ready }: Service): Promise<void> {
  const child = spawn('nsenter', [...into(pid), ...command], { stdio: 'ignore' })
  child.unref()
  await until(`${command.join(' ')} has made ${ready}`, () => existsSync(`/proc/${pid}/root${ready}`))
}
