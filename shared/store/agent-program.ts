/** The program `patchbay-agent`: the Node executable, which reaches etcd for the QuickJS one. */

import { become, environment } from '#engine'
import { connect } from '#store'
import { reportedError } from '../cni/reported.ts'
import { CniError, Code } from '../error/error.ts'
import { forward } from '../error/log.ts'
import { KernelError } from '../kernel/errno.ts'
import { readLink } from '../kernel/files.ts'
import { type Completed, run } from '../kernel/run.ts'
import { spanned, traceEnvironment } from '../kernel/span.ts'
import { isKind, Kind, stat } from '../kernel/stat.ts'

export const agentName = 'patchbay-agent'

const self = '/proc/self/exe'

/** A request of etcd takes 5 s at most for each member. */
const bounds = { milliseconds: 20_000, bytes: 8 * 1024 * 1024 }

/**
 * The path of `patchbay-agent`: this executable when it is the Node engine's, else the one beside it, or in one of the directories.
 * @param directories of CNI_PATH
 * @throws CniError of code 50 that says how it is installed
 */
export function agentPath(directories: readonly string[]): string {
  if (connect) return self
  const own = readLink(self) ?? ''
  const beside = own.slice(0, own.lastIndexOf('/'))
  const places = [...new Set([beside, ...directories])].map((directory) => `${directory}/${agentName}`)
  const path = places.find(isProgram)
  if (path) return path
  throw new CniError(Code.PluginNotAvailable, {
    msg: `${agentName}, which speaks with etcd, is not installed`,
    hint: 'install it beside patchbay: patchbay install --agent; it is in the release archive that ends in -node',
    details: `looked for ${places.join(', ')}`,
  })
}

/** Not this executable, to which all names may be links: it would execute itself for ever. */
function isProgram(path: string): boolean {
  const [found, own] = [stat(path), stat(self)]
  if (!found || !isKind(found, Kind.REGULAR) || (found.mode & 0o111) === 0) return false
  return found.inode !== own?.inode || found.device !== own.device
}

/**
 * Runs a verb of `patchbay-agent` for a plugin, and passes its log on to our standard error.
 * @param words the verb and its flags
 * @param input JSON
 * @returns its standard output
 * @throws CniError: the one that it reported, or one that describes how it failed
 */
export function askAgent(words: readonly string[], input: string, directories: readonly string[]): string {
  const path = agentPath(directories)
  const completed = spanned('agent', () => started(path, words, input), { path })
  forward(completed.stderr)
  if (completed.status === 0) return completed.stdout
  throw reportedError(completed.stdout, agentName) ?? failure(path, words, completed)
}

function started(path: string, words: readonly string[], input: string): Completed {
  const env = { ...withoutCall(environment()), ...traceEnvironment() }
  return run({ path, arguments: words, input, env }, bounds)
}

/** The environment for a verb: with CNI_COMMAND the program would be a plugin. */
export function withoutCall(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CNI_')))
}

function failure(path: string, words: readonly string[], completed: Completed): CniError {
  const { status, stdout } = completed
  const answer = stdout.trim() && `it answered ${JSON.stringify(stdout.slice(0, 500))}`
  const death = deathOf(completed)
  return new CniError(death ? Code.TryAgainLater : Code.Internal, {
    msg: `${agentName} ${death ?? `failed without a message: status ${status}`}`,
    details: [`${words.join(' ')} of ${path}`, answer].filter(Boolean).join(', '),
    hint:
      status === 127
        ? `it could not be started: ls -l ${path}`
        : `see what it says by hand: ${path} pool check`,
  })
}

/** By us, or by a signal of another, as of a kernel that is out of memory. */
function deathOf({ status, killed }: Completed): string | undefined {
  if (killed) return `${killed} and was killed`
  return status > 128 ? `was killed by signal ${status - 128}` : undefined
}

/** Executes `patchbay-agent` with the words in place of this process. @returns never @throws CniError, KernelError */
export function becomeAgent(words: readonly string[], directories: readonly string[]): never {
  const path = agentPath(directories)
  const errno = become?.({ path, arguments: words, env: environment() }) ?? 0
  throw new KernelError(-errno, `execute ${path}`)
}
