/** The built executables, called directly as a runtime calls them. */

import type { BuildName } from '../../scripts/build/target.ts'
import { directoryOf, reasonToBuild } from './built.ts'
import { type Made, remember } from './explain.ts'
import { type Ending, runAlone, start } from './program.ts'
import { refuse } from './refuse.ts'
import { passTick } from './tick.ts'

/** Keys of one plugin's configuration, beside its type. */
export type Configuration = { type: string } & Record<string, unknown>

/** `test` has faults in its system calls, see faults.ts. */
export type Engine = BuildName

/** A CNI result (specification 1.1.0 section "ADD Success"). */
export interface Result {
  cniVersion: string
  interfaces: { name: string; mac: string; sandbox?: string; mtu?: number }[]
  ips: { address: string; gateway?: string; interface?: number; version?: string }[]
  routes?: { dst: string; gw?: string }[]
  dns?: Record<string, unknown>
}

const found = new Map<Engine, string>()

/** The directory of an engine's executables. With `CNI_TEST_BIN` a test runs other plugins. */
export function executables(engine: Engine = 'quickjs'): string {
  const directory = process.env.CNI_TEST_BIN ?? found.get(engine) ?? built(engine)
  found.set(engine, directory)
  return directory
}

/** The built executables. Ends the test program when they are missing or older than their sources. */
function built(engine: Engine): string {
  const reason = reasonToBuild(engine)
  if (reason) refuse(`${reason}, build it: npm run build -- --engine ${engine}`)
  return directoryOf(engine)
}

/** One call of a plugin: environment and standard input. */
export interface Call {
  verb: 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC' | 'VERSION'
  /** The configuration; text is passed unchanged. */
  config: (Configuration & { name?: string; cniVersion?: string }) | string
  containerID?: string
  netns?: string
  ifname?: string
  /** The value of CNI_ARGS. */
  args?: string
  engine?: Engine
  /** The directory of the plugins, in place of the engine's. */
  directory?: string
  /** The plugin, when the configuration has no type. */
  plugin?: string
  /** A program and its arguments to put in front: strace, qemu. */
  under?: readonly string[]
  /** Further environment variables. */
  env?: Record<string, string>
}

/** The outcome of a call. `json` is standard output, which must be JSON or empty. */
export interface Answer {
  status: number
  json: Record<string, unknown> | undefined
  stderr: string
}

/** A call that hangs ends as one that a signal killed, so that its test fails. */
const timeout = 120_000

/** Calls a plugin and parses its answer. @throws when standard output is not JSON */
export function call(request: Call): Promise<Answer> {
  return started(request).answer
}

/** Starts a call of a plugin. */
export function started(request: Call): { pid: number; answer: Promise<Answer> } {
  const { file, args, env, input } = programOf(request)
  const { pid, ended } = start(file, args, { env, input, timeout })
  return { pid, answer: ended.then((end) => answerOf({ file, args, env, input }, end)) }
}

/** The same while this program does nothing else: faster, for thousands of calls in a row. */
export function callAlone(request: Call): Answer {
  const { file, args, env, input } = programOf(request)
  return answerOf({ file, args, env, input }, runAlone(file, args, { env, input, timeout }))
}

function programOf(request: Call): Made {
  if (request.verb === 'GC') passTick()
  const { config, under = [] } = request
  const plugin = request.plugin ?? (typeof config === 'string' ? 'bridge' : config.type)
  const [file = '', ...args] = [...under, `${directoryFor(request)}/${plugin}`]
  const input = typeof config === 'string' ? config : JSON.stringify(config)
  return { file, args, env: environment(request), input }
}

function directoryFor({ directory, engine }: Call): string {
  return directory ?? executables(engine)
}

function answerOf(made: Made, end: Omit<Ending, 'timedOut'>): Answer {
  const { status, signal, stdout } = end
  const stderr = end.stderr.trimEnd()
  remember(made, { status: status ?? undefined, stdout, stderr })
  return { status: status ?? (signal ? 128 : 127), json: stdout ? JSON.parse(stdout) : undefined, stderr }
}

function environment(request: Call) {
  const { verb, containerID = 'c1', netns, ifname = 'eth0', args, env } = request
  const attachment = ['STATUS', 'GC', 'VERSION'].includes(verb)
    ? {}
    : { CNI_CONTAINERID: containerID, CNI_NETNS: netns ?? '', CNI_IFNAME: ifname, CNI_ARGS: args ?? '' }
  return {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: verb,
    CNI_PATH: directoryFor(request),
    ...attachment,
    ...env,
  }
}

/** For copies of the plugins alone: the agent's link leads to another directory of the build. */
export const isNoAgent = (path: string) => !path.endsWith('/patchbay-agent')
