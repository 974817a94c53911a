/** podman in a root, with our executables as the only plugins. */

import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { CommandFailed, ip } from '../../harness/command.ts'
import type { Netns } from '../../harness/host.ts'
import { executables, isNoAgent } from '../../harness/plugin.ts'
import { type Snapshot, snapshot } from '../../harness/snapshot.ts'
import { type Client, openRoot } from './client.ts'
import { group } from './groups.ts'
import { writeImage } from './image.ts'
import { reboot } from './reboot.ts'
import { type RootName, rootOf } from './roots.ts'

export const image = 'patchbay.test/busybox:1'

/** Where podman keeps what a boot empties; snapshots do not show it. */
const volatile = '/run/test/podman'

/** Where each of podman's two network programs looks for plugins. */
export const pluginDirectories = { cni: '/opt/cni/bin', netavark: '/opt/patchbay/netavark' } as const

export type Backend = keyof typeof pluginDirectories

export interface Podman {
  client: Client
  /** Runs podman. @returns its standard output without the last line feed @throws with its output */
  podman(...words: string[]): string
  /** The same beside others. */
  beside(...words: string[]): Promise<string>
  /** What the user reads when a command fails. @throws when it succeeds */
  refusal(...words: string[]): string
  /** Starts a container that stays. @param options of `podman run` */
  start(name: string, ...options: string[]): void
  /** The same beside others. */
  startBeside(name: string, ...options: string[]): Promise<string>
}

/** Opens a root, and puts the plugins, podman's configuration and an image into it. */
export function openPodman(root: RootName, backend: Backend, install: (client: Client) => void): Podman {
  const client = openRoot(rootOf(root))
  install(client)
  configure(client, backend)
  const calls = callsOf(client)
  const archive = '/tmp/busybox.tar'
  const busybox = join(client.path, 'bin/busybox')
  writeImage(join(client.path, archive), { reference: image, command: ['sleep', '1000000'], busybox })
  calls.podman('load', '--quiet', '--input', archive)
  return { client, ...calls }
}

/** Our executables; those that podman's package brings are removed. */
export function installPlugins({ path }: Client): void {
  rmSync(join(path, 'usr/lib/cni'), { recursive: true, force: true })
  cpSync(executables(), join(path, pluginDirectories.cni), {
    recursive: true,
    verbatimSymlinks: true,
    filter: isNoAgent,
  })
}

/** The executable by the names of drivers. */
export function installDrivers({ path }: Client, names: readonly string[]): void {
  const directory = join(path, pluginDirectories.netavark)
  mkdirSync(directory, { recursive: true })
  cpSync(join(executables(), 'patchbay'), join(directory, '../patchbay'), { dereference: true })
  for (const name of names) symlinkSync('../patchbay', join(directory, name))
}

/** What differs from the default. Higher limits of processes may be refused here. */
function configure({ path }: Client, backend: Backend): void {
  const directory = join(path, 'etc/containers')
  for (const needed of [directory, volatile, join(path, 'var/tmp')]) mkdirSync(needed, { recursive: true })
  const plugins = pluginDirectories[backend]
  const key = backend === 'cni' ? 'cni_plugin_dirs' : 'netavark_plugin_dirs'
  const text = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "${backend}"
${key} = ["${plugins}"]
`
  writeFileSync(join(directory, 'containers.conf'), text)
}

/** podman's words of each call: its volatile state is where snapshots do not look, and a boot is easily acted out. */
const own = [
  'busybox',
  'env',
  'PODMAN_IGNORE_CGROUPSV1_WARNING=1',
  'podman',
  '--runroot',
  `${volatile}/storage`,
  '--tmpdir',
  `${volatile}/libpod`,
]

function callsOf(client: Client) {
  const podman = (...words: string[]) => patiently(() => client.run(...own, ...words).trim())
  return {
    podman,
    beside: (...words: string[]) => beside(client.inside(...own, ...words)),
    refusal: (...words: string[]) => refusal(() => podman(...words)),
    start: (name: string, ...options: string[]) => void podman(...runWords(name, options)),
    startBeside: (name: string, ...options: string[]) =>
      beside(client.inside(...own, ...runWords(name, options))),
  }
}

/** Calls again while podman gives up on a container that a busy machine ends in more than the 5 s that it waits. */
function patiently(call: () => string, tries = 10): string {
  try {
    return call()
  } catch (error) {
    if (tries === 1 || !/did not die within timeout/.test(String(error))) throw error
    return patiently(call, tries - 1)
  }
}

function runWords(name: string, options: readonly string[]): string[] {
  return ['run', '--detach', '--name', name, ...runOptions(), ...options, image]
}

/** The words of each `podman run`. */
export function runOptions(): string[] {
  return ['--cgroup-parent', group(), '--pull', 'never', '--stop-timeout', '0']
}

function refusal(call: () => string): string {
  try {
    call()
  } catch (error) {
    if (error instanceof CommandFailed) return error.message
    throw error
  }
  throw new Error('it was accepted')
}

function beside([file, ...args]: readonly [string, ...string[]]): Promise<string> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  return new Promise((resolve, reject) => {
    child.once('exit', (status) => (status === 0 ? resolve(output) : reject(new CommandFailed(output))))
  })
}

/** Does something with the network namespace of a container that runs. Only podman's mounts have a name for it. */
export async function inside<T>(
  { podman }: Podman,
  name: string,
  act: (netns: Netns) => T,
): Promise<Awaited<T>> {
  const netns = { name: `test-${name}`, path: `/run/netns/test-${name}` }
  ip(`netns attach ${netns.name} ${podman('inspect', '--format', '{{.State.Pid}}', name)}`)
  try {
    return await act(netns)
  } finally {
    ip(`netns delete ${netns.name}`)
  }
}

/** What a container must pass as it runs, and again after stop and start; then it goes, and its network, which has the same name. */
export async function passesTwice(
  { podman }: Podman,
  name: string,
  check: () => Promise<unknown>,
): Promise<void> {
  await check()
  podman('stop', name)
  podman('start', name)
  await check()
  podman('rm', '--force', name)
  podman('network', 'rm', name)
}

/** A snapshot with libcni's results, without files of podman's allocator and of runc, and without what the test's own clients set. */
export function traces(): Snapshot {
  const results = existsSync(cached) ? readdirSync(cached).map((name) => `result ${name}`) : []
  return [...snapshot().filter((line) => !foreign.test(line)), ...results]
}

const cached = '/var/lib/cni/results'
const foreign = /^file \/run\/(containers|runc)\/|\/ip_local_port_range:/

/** A boot: /dev/shm is new. The directory of addresses stays, as on a host without systemd-tmpfiles and podman's line for it. */
export async function rebootPodman(client: Client, nics: readonly string[]): Promise<void> {
  await reboot(client, nics)
  const names = readdirSync('/dev/shm').filter((name) => name.includes('libpod'))
  for (const name of names) rmSync(join('/dev/shm', name), { recursive: true, force: true })
}

/** Kills every process with one of these names on the private host, as a crash does. */
export function killAll(...names: string[]): void {
  for (const pid of pids().filter((pid) => names.includes(nameOf(pid)))) process.kill(pid, 'SIGKILL')
}

/** Ends a container's processes and its namespace behind podman's back, without DEL. @returns the path of the namespace */
export function loseContainer({ podman, client }: Podman, name: string): string {
  const fields = '{{.NetworkSettings.SandboxKey}} {{.State.ConmonPid}} {{.State.Pid}}'
  const [netns = '', ...pids] = podman('inspect', '--format', fields, name).split(' ')
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL')
  client.run('busybox', 'umount', '-l', netns)
  client.run('busybox', 'rm', netns)
  return netns
}

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

/** Empty for a process that has ended. */
function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
