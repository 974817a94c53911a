/** containerd in a root, with our executables as the only plugins. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { executables, isNoAgent } from '../../harness/plugin.ts'
import { until } from '../../harness/until.ts'
import { type Client, openRoot } from './client.ts'
import { configuration, image, socket, state } from './containerd-config.ts'
import { type Cri, connect } from './cri.ts'
import { writeImage } from './image.ts'
import { type RootName, rootOf } from './roots.ts'

export interface Containerd {
  client: Client
  /** 1.6, 1.7, 2.1 … */
  version: number
  cri: Cri
  /** Runs ctr. @returns its standard output @throws with its output */
  ctr(...words: string[]): string
  /** Starts it again after `kill`. */
  start(): Promise<void>
  /** Ends it with SIGKILL; containers and their shims go on. */
  kill(): Promise<void>
}

export interface Additions {
  /** Lines at the end of containerd's configuration. */
  more?: string
  /** Puts further files into the root. */
  prepare?(client: Client): void
}

/** Opens a root, puts our plugins and a list into it, and starts containerd there. */
export async function startContainerd(
  name: RootName,
  list: string,
  { more = '', prepare }: Additions = {},
): Promise<Containerd> {
  const client = openRoot(rootOf(name))
  const version = versionOf(client)
  mkdirSync(state, { recursive: true })
  installPlugins(client)
  useList(client, list)
  writeIn(client, 'etc/containerd/config.toml', configuration(version) + more)
  prepare?.(client)
  const containerd = { client, version, ...daemon(client), ctr: (...words: string[]) => ctr(client, words) }
  await containerd.start()
  importImage(client)
  return containerd
}

function versionOf(client: Client): number {
  const [, version = ''] = /\bv?(\d+\.\d+)\.\d+/.exec(client.run('containerd', '--version')) ?? []
  return Number(version)
}

/**
 * The only list of networks. containerd notices the change when a file there is written, renamed or removed, not when one is moved in from
 * another directory.
 */
export function useList(client: Client, list: string): void {
  const directory = 'etc/cni/net.d'
  writeIn(client, `${directory}/10-patchbay.new`, list)
  const place = join(client.path, directory, '10-patchbay')
  renameSync(`${place}.new`, `${place}.conflist`)
}

function writeIn({ path }: Client, name: string, text: string): void {
  mkdirSync(join(path, name, '..'), { recursive: true })
  writeFileSync(join(path, name), text)
}

function installPlugins({ path }: Client): void {
  cpSync(executables(), join(path, 'opt/cni/bin'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: isNoAgent,
  })
}

function ctr(client: Client, words: readonly string[]): string {
  return client.run('ctr', '--address', socket, ...words)
}

function importImage(client: Client): void {
  const archive = join(client.path, 'tmp/busybox.tar')
  writeImage(archive, {
    reference: image,
    command: ['sleep', '1000000'],
    busybox: join(client.path, 'bin/busybox'),
  })
  ctr(client, ['--namespace', 'k8s.io', 'images', 'import', '/tmp/busybox.tar'])
  ctr(client, ['--namespace', 'default', 'images', 'import', '/tmp/busybox.tar'])
}

function daemon(client: Client) {
  let running: ChildProcess | undefined
  const cri = connect(socket)
  return {
    cri,
    start: async () => {
      running = spawned(client)
      await until('containerd serves CRI', () => isServing(cri, running)).catch((error: Error) => {
        throw new Error(`${error.message}\n${lastLines()}`)
      })
    },
    kill: async () => {
      running?.kill('SIGKILL')
      if (running?.exitCode === null && running.signalCode === null) await once(running, 'exit')
    },
  }
}

const log = '/run/test/containerd.log'

function spawned(client: Client): ChildProcess {
  const [file, ...args] = client.inside('containerd', '--log-level', 'debug')
  const output = openSync(log, 'a')
  const child = spawn(file, args, { stdio: ['ignore', output, output] })
  closeSync(output)
  return child
}

async function isServing(cri: Cri, child: ChildProcess | undefined): Promise<boolean> {
  if (child?.exitCode !== null) throw new Error(`containerd ended: ${lastLines()}`)
  const conditions = await cri.conditions().catch(() => [])
  return conditions.length > 0 && conditions.every(({ status }) => status)
}

/** The end of containerd's log, for a failed test. */
export function lastLines(count = 20): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-count).join('\n')
}
