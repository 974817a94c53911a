/** Calls another plugin's executable with our environment and input (spec section "Plugin Delegation"). */

import { environment } from '#engine'
import type { Environment } from '../cni/environment.ts'
import type { Command, Request } from '../cni/plugin.ts'
import { reportedError } from '../cni/reported.ts'
import { CniError, Code } from '../error/error.ts'
import { forward } from '../error/log.ts'
import { sleep } from '../kernel/clock.ts'
import { type Bounds, type Completed, run, usual } from '../kernel/run.ts'
import { spanned, traceEnvironment } from '../kernel/span.ts'
import { isKind, Kind, type Stat, stat } from '../kernel/stat.ts'

const ANY_EXECUTE = 0o111

/** A plugin's executable. */
export interface Executable {
  path: string
  stat: Stat
}

/**
 * Finds a plugin's executable: the first regular file of that name in the directories of CNI_PATH.
 * @throws CniError of code 7 when there is none
 */
export function findPlugin(name: string, directories: readonly string[]): Executable {
  if (name.includes('/')) throw notFound(`invalid plugin name: ${name}`, 'a plugin is named without a path')
  if (directories.length === 0) throw notFound('no paths provided', 'set CNI_PATH')
  for (const directory of directories) {
    const path = `${directory}/${name}`
    const found = stat(path)
    if (found && isKind(found, Kind.REGULAR)) return { path, stat: found }
  }
  const hint = `install it there, or add its directory to CNI_PATH: ls -l ${directories.join(' ')}`
  throw notFound(`failed to find plugin "${name}" in path [${directories.join(' ')}]`, hint)
}

function notFound(msg: string, hint: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint })
}

/**
 * Runs a plugin's executable for one verb, and passes its log on to our standard error.
 * @returns its standard output
 * @throws CniError: the one that the plugin reported, or one that describes how it failed
 */
export function execute(path: string, command: Command, { input, ifname }: Request, bounds = usual): string {
  const env = { ...oneDeeper(environment()), CNI_COMMAND: command, ...(ifname && { CNI_IFNAME: ifname }) }
  return executeIn({ env, input, log: forward }, path, bounds)
}

/** What a plugin gets, and where its log goes. `env` is its whole environment, and has CNI_COMMAND. */
interface Surroundings {
  env: Environment
  input: string
  log(text: string): void
}

/** The same with an environment of the caller's. */
export function executeIn({ env, input, log }: Surroundings, path: string, bounds = usual): string {
  const command = env.CNI_COMMAND ?? ''
  const traced = () => start(path, input, { ...env, ...traceEnvironment() }, bounds)
  const completed = spanned(`delegate ${command}`, traced, { path })
  log(completed.stderr)
  if (completed.killed) throw exceeded(path, command, completed.killed)
  if (completed.status !== 0) throw failure(path, command, completed)
  return completed.stdout
}

/** A file that another process has open for writing cannot be executed (ETXTBSY): retry for a second. */
const ATTEMPTS = 11
const PAUSE_MILLISECONDS = 100

function start(path: string, input: string, env: Environment, bounds: Bounds): Completed {
  requireExecutable(path)
  for (let attempt = 1; ; attempt++) {
    const completed = run({ path, arguments: [], input, env }, bounds)
    if (attempt === ATTEMPTS || !neverStarted(completed)) return completed
    sleep(PAUSE_MILLISECONDS)
  }
}

/** How many IPAM plugins call each other already: one that calls the plugin that called it would never end. */
const DEPTH = 'CNI_IPAM_DEPTH'
const DEEPEST = 4

/** The environment of a delegate. @throws CniError of code 7 when delegates call each other in a circle */
function oneDeeper(env: Record<string, string>): Record<string, string> {
  const depth = Number(env[DEPTH]) || 0
  if (depth < DEEPEST) return { ...env, [DEPTH]: String(depth + 1) }
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `ipam.type: ${DEEPEST} IPAM plugins call one another, and this call would be one more`,
    hint: 'the program that ipam.type names calls an interface plugin again: name a plugin that gives addresses',
  })
}

function requireExecutable(path: string): void {
  if ((stat(path)?.mode ?? 0) & ANY_EXECUTE) return
  throw new CniError(Code.Internal, {
    msg: `${path} is not executable`,
    hint: `make it executable: chmod +x ${path}`,
    errno: 'EACCES',
  })
}

/** Whether execve(2) failed: status 127, as a shell gives it, and no output. */
function neverStarted({ status, stdout, stderr }: Completed): boolean {
  return status === 127 && stdout === '' && stderr === ''
}

/** The error that the delegate reported; without one, its status and output. */
function failure(path: string, command: string, { status, stdout, stderr }: Completed): CniError {
  const reported = reportedError(stdout, 'the delegate')
  if (reported) return reported
  const output = stderr.trim()
  const why = output ? `: ${JSON.stringify(output)}` : ' with no error message'
  const answer = stdout.trim() && `it answered ${JSON.stringify(stdout.slice(0, 500))}`
  return new CniError(Code.Internal, {
    msg: `netplugin failed${why}: exit status ${status}`,
    details: [`${command} of ${path}`, answer].filter(Boolean).join(', '),
    hint:
      status === 127
        ? `it could not be started: file ${path}`
        : `see what ${path} logs: it gave no error in CNI's form`,
  })
}

/** A delegate that took more time, or wrote more, than it may. */
function exceeded(path: string, command: string, how: string): CniError {
  return new CniError(Code.Internal, {
    msg: `${command} of ${path} ${how} and was killed`,
    hint: 'see what it waits for or writes: run it by hand; if it needs a daemon, as dhcp does, see whether that runs',
  })
}
