/**
 * A host of a cluster: a machine of the underlay with files and a host name of its own, where plugins, `patchbay …` and the agent run. Its
 * namespaces are those of a process that does nothing; nsenter brings others there.
 */

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as assert from 'uvu/assert'
import { writeFile } from '../../shared/kernel/durable.ts'
import { addressesOf } from './address.ts'
import { errorOf } from './attach.ts'
import { type Netns, newContainer, scratch } from './host.ts'
import { insisting } from './insisting.ts'
import { type Answer, type Call, type Configuration, call, executables, type Result } from './plugin.ts'
import { runAlone, type Started, start } from './program.ts'
import type { Machine } from './switch.ts'
import { until } from './until.ts'

/** What each host has for itself; all else it shares with the test. */
const ownDirectories = [
  '/run/patchbay',
  '/var/lib/patchbay',
  '/var/lib/cni',
  '/var/log',
  '/etc/cni/net.d',
  '/etc/patchbay',
]

export type ClusterNetwork = Configuration & { name: string }

/** A container on a host, after its ADD. */
export interface Pod extends Netns {
  /** Without prefix lengths. */
  addresses: string[]
  result: Result
}

/** What differs in a call. */
type More = Pick<Call, 'args' | 'engine' | 'env' | 'ifname'> & { container?: Netns }

export interface ClusterHost extends Machine {
  /** What is put in front of a program to run it on the host. */
  under: readonly string[]
  /** Environment variables of all that runs there. */
  env: Record<string, string>
  /** Calls a plugin. */
  call(request: Call): Promise<Answer>
  /** ADD, by default for a new container, again while etcd or another host is slow. @throws with the plugin's answer */
  add(network: ClusterNetwork, more?: More): Promise<Pod>
  /** The same, tried once. */
  addOnce(network: ClusterNetwork, more?: More): Promise<Pod>
  /** ADD that is refused. @returns the code, and all that the error says */
  refused(network: ClusterNetwork, more?: More): Promise<ReturnType<typeof errorOf>>
  verb(verb: 'DEL' | 'CHECK', network: ClusterNetwork, pod: Pod): Promise<Answer>
  /** Runs `patchbay WORDS`, which must end with the status. @returns all that it writes */
  patchbay(words: string, status?: number, input?: string): string
  /** Waits until `patchbay pool check` finds nothing: after an ADD a claim ahead may be on its way. */
  poolsAreSound(): Promise<void>
  /** Starts `patchbay WORDS`, such as `agent`. */
  begin(words: string): Started
  /** Writes a file. @param value a text, or what is written as JSON */
  write(path: string, value: unknown): void
  read(path: string): string
  /** The names in a directory. */
  list(path: string): string[]
  /** Ends what `begin` has started. */
  end(): Promise<void>
  /** Empties all directories that are the host's own, as a new installation does. */
  wipe(): void
}

/** Gives a machine files and a name of its own. Below `/etc` its directories must be there already (`ownEtc`). */
export async function newClusterHost(
  machine: Machine,
  env: Record<string, string> = {},
): Promise<ClusterHost> {
  const mounts = ownDirectories.map((path) => `mkdir -p ${path} && mount -t tmpfs tmpfs ${path}`)
  const pid = await hold(machine, mounts)
  const args = [`--target=${pid}`, '--mount', '--uts', '--net']
  const inHost = (path: string) => `/proc/${pid}/root${path}`
  const callHere = (request: Call) =>
    call({ ...request, under: ['nsenter', ...args], env: { ...env, ...request.env } })
  const patchbay = (words: string) => [...args, `${executables()}/patchbay`, ...words.split(' ')]
  const podOf = (container: Netns, { status, json }: Answer): Pod => {
    if (status !== 0) throw new Error(`${machine.name}: ${JSON.stringify(json)}`)
    const result = json as unknown as Result
    return { ...container, result, addresses: addressesOf(result.ips) }
  }
  const begun: Started[] = []
  const environment = { PATH: process.env.PATH, CNI_PATH: executables(), ...env }
  const run = (words: string, input = '') =>
    runAlone('nsenter', patchbay(words), { env: environment, input, timeout: 60_000 })
  return {
    ...machine,
    under: ['nsenter', ...args],
    env,
    call: callHere,
    add: async (network, { container = newContainer(), ...more } = {}) =>
      podOf(container, await insisting(() => callHere(attachment('ADD', network, container, more)))),
    addOnce: async (network, { container = newContainer(), ...more } = {}) =>
      podOf(container, await callHere(attachment('ADD', network, container, more))),
    refused: async (network, { container = newContainer(), ...more } = {}) => {
      const answer = await callHere(attachment('ADD', network, container, more))
      assert.is(answer.status, 1, JSON.stringify(answer.json))
      return errorOf(answer)
    },
    verb: (verb, network, pod) => callHere(attachment(verb, { ...network, prevResult: pod.result }, pod)),
    patchbay: (words, status = 0, input = '') => {
      const done = run(words, input)
      assert.is(done.status, status, `${machine.name}: patchbay ${words}: ${done.stdout}${done.stderr}`)
      return done.stdout + done.stderr
    },
    poolsAreSound: () => until(`pools are sound for ${machine.name}`, () => run('pool check').status === 0),
    begin: (words) => {
      const program = start('nsenter', patchbay(words), { env: environment })
      begun.push(program)
      return program
    },
    end: async () => {
      for (const { kill } of begun) kill('SIGKILL')
      for (const { ended } of begun) await ended
    },
    write: (path, value) => {
      mkdirSync(dirname(inHost(path)), { recursive: true })
      writeFile(inHost(path), typeof value === 'string' ? value : JSON.stringify(value))
    },
    read: (path) => readFileSync(inHost(path), 'utf8'),
    list: (path) => readdirSync(inHost(path)).sort(),
    wipe: () => void runAlone('find', [...ownDirectories.map(inHost), '-mindepth', '1', '-delete']),
  }
}

/** Calls of a host's network: the version is added. */
function attachment(
  verb: Call['verb'],
  network: ClusterNetwork,
  { name, path }: Netns,
  more: More = {},
): Call {
  return { verb, config: { cniVersion: '1.1.0', ...network }, containerID: name, netns: path, ...more }
}

/**
 * Starts the process that has a host's namespaces.
 * @param mounts commands that give it files of its own
 * @returns its process ID, when all is mounted
 */
export async function hold({ name }: Machine, mounts: readonly string[]): Promise<number> {
  const ready = `${scratch}/${name}.ready`
  const script = [`hostname ${name}`, ...mounts, `touch ${ready}`, 'exec sleep infinity'].join(' && ')
  const unshare = ['unshare', '--uts', '--mount', '--propagation', 'unchanged', 'sh', '-c', script]
  const child = spawn('ip', ['netns', 'exec', name, ...unshare], { stdio: 'ignore' })
  child.unref()
  await until(`${name} has its namespaces`, () => existsSync(ready))
  return child.pid ?? 0
}
