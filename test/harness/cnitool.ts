/** The real cnitool, built from Debian's source package: no suite has it as a program. */

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ExecaError, execa } from 'execa'
import { debianSuite, unpackPackages } from '../../scripts/debian.ts'
import { run } from '../../scripts/run.ts'
import { ensurePackages } from '../../scripts/setup.ts'
import { remember } from './explain.ts'
import type { Netns } from './host.ts'
import { type Configuration, type Engine, executables, type Result } from './plugin.ts'

const cache = new URL('../../.cache/', import.meta.url).pathname
const executable = join(cache, 'cnitool')

/** The first suite whose cnitool has `gc` and `status`, and one with a Go new enough to build it. */
const source = { suite: 'sid', name: 'golang-github-appc-cni' }
const go = { suite: 'trixie', packages: ['golang-1.24-go', 'golang-1.24-src'], root: 'usr/lib/go-1.24' }

/** Builds cnitool unless it is in the cache. */
export async function builtTool(): Promise<string> {
  if (!existsSync(executable)) await build()
  return executable
}

async function build(): Promise<void> {
  console.error('building cnitool from Debian’s source, once')
  await ensurePackages('cnitool', ['xz-utils', 'dpkg', 'debian-archive-keyring'])
  const work = join(cache, `cnitool.${process.pid}`)
  const library = join(work, 'go/src/github.com/containernetworking/cni')
  await mkdir(library, { recursive: true })
  try {
    await fetchLibrary(work, library)
    await compile(library, {
      GOROOT: await fetchGo(work),
      GOPATH: join(work, 'go'),
      GOCACHE: join(work, 'cache'),
    })
    await rename(join(library, 'cnitool.built'), executable)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function fetchLibrary(work: string, library: string): Promise<void> {
  const suite = await debianSuite(source.suite, join(work, source.suite))
  await suite.downloadSource(work, source.name)
  const [archive = ''] = (await readdir(work)).filter((name) => name.endsWith('.orig.tar.xz'))
  await run('tar', ['--extract', '--strip-components=1', '--file', join(work, archive), '-C', library])
}

/** The directory of a Go that is unpacked, not installed. */
async function fetchGo(work: string): Promise<string> {
  const tree = join(work, go.suite)
  await unpackPackages(go.suite, async () => go.packages, tree)
  return join(tree, go.root)
}

async function compile(library: string, paths: { GOROOT: string } & Record<string, string>): Promise<void> {
  const env = { ...paths, GO111MODULE: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' }
  await run(join(paths.GOROOT, 'bin/go'), ['build', '-o', 'cnitool.built', './cnitool'], {
    cwd: library,
    env,
  })
}

/** A network as cnitool reads it: a configuration list. */
export interface Network {
  cniVersion: string
  name: string
  plugins: Configuration[]
}

/** Parameters of a runtime besides the network. */
export interface Extras {
  engine?: Engine
  ifname?: string
  /** CNI_ARGS. */
  args?: Record<string, string>
  /** Values for `runtimeConfig`. */
  capabilities?: Record<string, unknown>
  /** The directory of the plugins, in place of the engine's. */
  path?: string
}

/** A network with one plugin. */
export function network(name: string, plugin: Configuration, cniVersion = '1.0.0'): Network {
  return { cniVersion, name, plugins: [plugin] }
}

/** `cnitool add`. @returns the result of the last plugin @throws with cnitool's output */
export async function add(net: Network, container: Netns, extras: Extras = {}): Promise<Result> {
  return JSON.parse(await cnitool('add', net, container.path, extras))
}

/** `cnitool check`. @throws with cnitool's output */
export async function check(net: Network, container: Netns, extras: Extras = {}): Promise<void> {
  await cnitool('check', net, container.path, extras)
}

/** `cnitool del`. @throws with cnitool's output */
export async function del(net: Network, container: Netns, extras: Extras = {}): Promise<void> {
  await cnitool('del', net, container.path, extras)
}

/** `cnitool status`. @throws with cnitool's output */
export async function status(net: Network, extras: Extras = {}): Promise<void> {
  await cnitool('status', net, '/', extras)
}

/** `cnitool gc`, which treats every attachment of the network as stale. @throws with cnitool's output */
export async function gc(net: Network, extras: Extras = {}): Promise<void> {
  await cnitool('gc', net, '/', extras)
}

async function cnitool(verb: string, net: Network, netns: string, extras: Extras): Promise<string> {
  const { ifname = 'eth0', args = {}, capabilities = {}, engine, path = executables(engine) } = extras
  const pairs = Object.entries(args).map(([key, value]) => `${key}=${value}`)
  const env = {
    PATH: process.env.PATH ?? '',
    CNI_PATH: path,
    NETCONFPATH: written(net),
    CNI_IFNAME: ifname,
    CNI_ARGS: pairs.join(';'),
    CAP_ARGS: JSON.stringify(capabilities),
  }
  const words = [verb, net.name, netns]
  const end = await execa(executable, words, { env, extendEnv: false, reject: false })
  const { exitCode: status, stdout, stderr } = end
  remember({ file: executable, args: words, env, input: JSON.stringify(net) }, { status, stdout, stderr })
  if (end instanceof ExecaError) throw end
  return end.stdout
}

/** The directory with this network's configuration list only, written atomically: several calls may read it at once. */
function written(net: Network): string {
  const directory = `/run/test/net.d/${net.name}`
  mkdirSync(directory, { recursive: true })
  writeFileSync(`${directory}.new`, JSON.stringify(net))
  renameSync(`${directory}.new`, join(directory, 'network.conflist'))
  return directory
}
