/** One example tried out: two containers wired with it, a ping between them, and the time it took. */

import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { execa } from 'execa'
import { run } from '../run.ts'
import { makeContainer, removeContainer } from './host.ts'

export interface Row {
  example: string
  addresses: string
  add: string
  del: string
  ping: string
  failed: boolean
}

interface Result {
  ips?: { address: string }[]
}

interface Network {
  cniVersion: string
  name: string
  plugins: { type: string }[]
}

/** Wires two containers with a conflist, as a runtime would, and takes them down again. */
export async function tryOut(conflist: string, executables: string): Promise<Row> {
  const network = JSON.parse(readFileSync(conflist, 'utf8')) as Network
  const example = basename(conflist, '.conflist')
  const names = ['one', 'two'] as const
  const call = (name: string, command: string) => callPlugin(network, executables, name, command)
  for (const name of names) await makeContainer(name)
  try {
    const [one, two] = [await call('one', 'ADD'), await call('two', 'ADD')]
    const ping = await pingBetween(one.result, two.result)
    const del = (await Promise.all(names.map((name) => call(name, 'DEL'))))[0]?.milliseconds ?? 0
    const addresses = (one.result.ips ?? []).map(({ address }) => address).join(' ') || 'none (L2)'
    return {
      example,
      addresses,
      add: time(two.milliseconds),
      del: time(del),
      ping,
      failed: ping === 'no answer',
    }
  } catch (error) {
    return {
      example,
      addresses: (error as Error).message,
      add: '',
      del: '',
      ping: '',
      failed: !(error instanceof NotHere),
    }
  } finally {
    for (const name of names) await removeContainer(name)
  }
}

/** What this kernel cannot do: no fault of the example. */
class NotHere extends Error {}

/** Calls a conflist's first plugin; the examples have one each. */
async function callPlugin(
  { cniVersion, name, plugins }: Network,
  executables: string,
  container: string,
  command: string,
) {
  const [plugin] = plugins
  const input = JSON.stringify({ cniVersion, name, ...plugin, ...runtimeChoice(plugin, container) })
  const env = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: container,
    CNI_NETNS: `/run/netns/${container}`,
    CNI_IFNAME: 'eth0',
    CNI_PATH: executables,
  }
  const start = performance.now()
  const { exitCode, stdout } = await execa(`${executables}/${plugin?.type}`, [], {
    input,
    env,
    reject: false,
  })
  const milliseconds = performance.now() - start
  const result = stdout ? JSON.parse(stdout) : {}
  if (exitCode === 0) return { result: result as Result, milliseconds }
  const sentence = `${result.msg} ${result.details ?? ''}`
  throw /this kernel/.test(sentence) ? new NotHere(`not on this machine: ${result.msg}`) : new Error(sentence)
}

/** Two containers cannot have one static address: the runtime names the second's, as the `ips` capability has it. */
function runtimeChoice(plugin: object = {}, container: string): object {
  const ips = 'capabilities' in plugin && container === 'two' ? ['10.92.0.11/24'] : undefined
  return ips ? { runtimeConfig: { ips } } : {}
}

/** Pings from one container to the other, each address; a wire without addresses is given some for the time. */
async function pingBetween(one: Result, two: Result): Promise<string> {
  const targets = (two.ips ?? []).map(({ address }) => address.split('/')[0] ?? '')
  if (!one.ips?.length) targets.push(await addressByHand())
  const times = await Promise.all(targets.map(ping))
  return times.includes(undefined)
    ? 'no answer'
    : times.map((milliseconds) => `${milliseconds} ms`).join(', ')
}

async function addressByHand(): Promise<string> {
  await run('ip', ['-n', 'one', 'address', 'add', '10.93.0.1/24', 'dev', 'eth0'])
  await run('ip', ['-n', 'two', 'address', 'add', '10.93.0.2/24', 'dev', 'eth0'])
  return '10.93.0.2'
}

/** The round trip in milliseconds, or undefined when nobody answers. */
async function ping(address: string): Promise<string | undefined> {
  const args = ['netns', 'exec', 'one', 'ping', '-n', '-c', '3', '-i', '0.2', '-w', '3', address]
  const { stdout } = await execa('ip', args, { reject: false })
  return / = [\d.]+\/([\d.]+)\//.exec(stdout ?? '')?.[1]
}

function time(milliseconds: number): string {
  return milliseconds.toFixed(0)
}

/** Prints the rows as a table. */
export function show(rows: Row[]): void {
  const head = { example: 'example', addresses: 'addresses', add: 'ADD ms', del: 'DEL ms', ping: 'ping' }
  const keys = Object.keys(head) as (keyof typeof head)[]
  const widths = keys.map((key) => Math.min(44, Math.max(...[head, ...rows].map((row) => row[key].length))))
  for (const row of [head, ...rows]) {
    console.log(
      keys
        .map((key, column) => row[key].padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}
