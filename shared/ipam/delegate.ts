/** Calls another plugin's executable with our environment and input (spec section "Plugin Delegation"). */

import { environment, run } from '#engine'
import type { Completed } from '../../engine/engine.ts'
import type { Command, Request } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import { forward } from '../error/log.ts'
import { sleep } from '../kernel/clock.ts'
import { stat } from '../kernel/stat.ts'

const S_IFMT = 0o170000
const S_IFREG = 0o100000
const ANY_EXECUTE = 0o111

/**
 * Finds a plugin's executable: the first regular file of that name in the directories of CNI_PATH.
 * @throws CniError of code 7 when there is none
 */
export function findPlugin(name: string, directories: readonly string[]): string {
  if (name.includes('/')) throw notFound(`invalid plugin name: ${name}`, 'a plugin is named without a path')
  if (directories.length === 0) throw notFound('no paths provided', 'set CNI_PATH')
  const path = directories.map((directory) => `${directory}/${name}`).find(isRegular)
  if (path) return path
  const hint = `install it there, or add its directory to CNI_PATH: ls -l ${directories.join(' ')}`
  throw notFound(`failed to find plugin "${name}" in path [${directories.join(' ')}]`, hint)
}

function isRegular(path: string): boolean {
  return ((stat(path)?.mode ?? 0) & S_IFMT) === S_IFREG
}

function notFound(msg: string, hint: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, { msg, hint })
}

/**
 * Runs a plugin's executable for one verb, and passes its log on to our standard error.
 * @returns its standard output
 * @throws CniError: the one that the plugin reported, or one that describes how it failed
 */
export async function execute(path: string, command: Command, request: Request): Promise<string> {
  const completed = await start(path, command, request)
  forward(completed.stderr)
  if (completed.status !== 0) throw failure(path, command, completed)
  return completed.stdout
}

/** A file that another process has open for writing cannot be executed (ETXTBSY): retry for a second. */
const ATTEMPTS = 11
const PAUSE_MILLISECONDS = 100

async function start(path: string, command: Command, { input }: Request): Promise<Completed> {
  requireExecutable(path)
  const env = { ...environment(), CNI_COMMAND: command }
  for (let attempt = 1; ; attempt++) {
    const completed = await run({ path, arguments: [], input, env })
    if (attempt === ATTEMPTS || !neverStarted(completed)) return completed
    sleep(PAUSE_MILLISECONDS)
  }
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
function failure(path: string, command: Command, { status, stdout, stderr }: Completed): CniError {
  const reported = parseError(stdout)
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

/** The error in a plugin's output (spec section "Error"); undefined when the output has none. */
function parseError(stdout: string): CniError | undefined {
  try {
    const { code, msg, details } = JSON.parse(stdout)
    if (!Number.isSafeInteger(code) || code <= 0) return undefined
    const sentence =
      typeof msg === 'string' && msg !== '' ? msg : `the delegate failed: code ${code}, no message`
    return new CniError(code, { msg: sentence, ...(typeof details === 'string' && { details }) })
  } catch {
    return undefined
  }
}
