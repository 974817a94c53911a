/** Attaches and detaches by the real cnitool, as a runtime does with libcni. */

import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { remember } from './explain.ts'
import type { Netns } from './host.ts'
import { isLate } from './insisting.ts'
import { type Configuration, type Engine, executables, type Result } from './plugin.ts'
import { start } from './program.ts'
import { passTick } from './tick.ts'
import { retried } from './until.ts'

/** Built by install.ts. */
const executable = new URL('../../.cache/cnitool', import.meta.url).pathname

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
  passTick()
  await cnitool('gc', net, '/', extras)
}

/** Again while the machine is too busy for a limit; plugins before the one that was refused have done their part of ADD. */
function cnitool(verb: string, net: Network, netns: string, extras: Extras): Promise<string> {
  const undo = verb === 'add' ? () => once('del', net, netns, extras) : undefined
  return retried(() => once(verb, net, netns, extras), isLate, undo)
}

async function once(verb: string, net: Network, netns: string, extras: Extras): Promise<string> {
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
  const { status, signal, stdout, stderr } = await start(executable, words, { env }).ended
  const end = { status: status ?? undefined, stdout, stderr }
  remember({ file: executable, args: words, env, input: JSON.stringify(net) }, end)
  const message = `cnitool ${words.join(' ')}: status ${status ?? signal}\n${stderr}\n${stdout}`
  if (status !== 0) throw Object.assign(new Error(message), { stderr: stderr.trimEnd() })
  return stdout
}

/** The directory with this network's configuration list only, written atomically: several calls may read it at once. */
function written(net: Network): string {
  const directory = `/run/test/net.d/${net.name}`
  mkdirSync(directory, { recursive: true })
  writeFileSync(`${directory}.new`, JSON.stringify(net))
  renameSync(`${directory}.new`, join(directory, 'network.conflist'))
  return directory
}
