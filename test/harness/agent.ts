/** `patchbay agent` as a process of a test: `const agent = await startAgent('--empty-for', '1s')`. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import * as assert from 'uvu/assert'
import { executables } from './plugin.ts'
import { type Series, seriesIn } from './prometheus.ts'
import { until } from './until.ts'

/** Where an agent serves its metrics unless a test names another place. */
const socketPath = '/run/patchbay/agent.sock'

export interface Agent {
  pid: number
  /** What it has written to standard error. */
  log(): string
  /** Sends a signal. */
  kill(signal: NodeJS.Signals): void
  /** Waits for its end. @returns its status, or the signal that ended it */
  ended(): Promise<number | NodeJS.Signals | null>
}

/** Starts an agent, and waits until it is ready. @param flags of the verb */
export async function startAgent(...flags: string[]): Promise<Agent> {
  const agent = beginAgent(...flags)
  await until('the agent runs', () => / runs, process /.test(agent.log()))
  return agent
}

/** The same without a wait. */
export const beginAgent = (...flags: string[]): Agent => beginAgentWith({}, ...flags)

/** @param env more environment variables, such as faults */
export function beginAgentWith(env: Record<string, string>, ...flags: string[]): Agent {
  const program = `${executables('node')}/patchbay`
  const child: ChildProcess = spawn(program, ['agent', ...flags], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, ...env },
  })
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk
  })
  const ended = once(child, 'exit').then(([status, signal]) => status ?? signal)
  return {
    pid: child.pid ?? 0,
    log: () => text,
    kill: (signal) => void child.kill(signal),
    ended: () => ended,
  }
}

/** Asserts that SIGTERM ends an agent with 0 before a request would end that is waited for, which takes 5 s; of a busy machine one of five. */
export async function endsAtOnce(agent: Agent, tries = 5): Promise<void> {
  const begun = performance.now()
  agent.kill('SIGTERM')
  assert.is(await agent.ended(), 0)
  const took = performance.now() - begun
  if (took < 4000) return
  assert.ok(tries > 1, `${took} ms`)
  await endsAtOnce(await startAgent(), tries - 1)
}

/** A page of the agent: its status and text. */
export function page(
  path: string,
  place: object = { socketPath },
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ ...place, path, agent: false }, async (answer) => {
      const text = Buffer.concat(await answer.toArray()).toString()
      resolve({ status: answer.statusCode ?? 0, text })
    })
    request.once('error', reject)
  })
}

/** The agent's metrics, which must be in Prometheus' format. */
export async function metrics(): Promise<Series[]> {
  return seriesIn((await page('/metrics')).text)
}

/** The sum of a metric's samples with these labels. */
export async function measured(name: string, labels: Record<string, string> = {}): Promise<number> {
  const all = await metrics()
  const some = all.filter(
    (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  )
  return some.reduce((sum, { value }) => sum + value, 0)
}
