/** Runs the plugin's verb for each command, with the checks before it and the conversion after it. */

import { CniError, Code, toCniError } from '../error/error.ts'
import { stat } from '../kernel/stat.ts'
import { convert } from './convert.ts'
import { type Environment, mayShareNetns } from './environment.ts'
import type { Plugin, Request } from './plugin.ts'

/** Returns the object for standard output, or undefined when the command has none. */
type Verb = (plugin: Plugin, request: Request, env: Environment) => Promise<object | undefined>

const verbs: Record<string, Verb> = {
  ADD: add,
  DEL: del,
  CHECK: async (plugin, request) => void (await plugin.check(request)),
  STATUS: async (plugin, request) => void (await plugin.status?.(request)),
  GC: async (plugin, request) => void (await plugin.gc?.(request)),
}

/** @throws CniError of code 4 */
export function verbOf(command: string): Verb {
  const verb = Object.hasOwn(verbs, command) ? verbs[command] : undefined
  if (verb) return verb
  throw new CniError(Code.InvalidEnvironment, {
    msg: `unknown CNI_COMMAND: ${command}`,
    hint: `known commands: ${Object.keys(verbs).join(', ')}, VERSION`,
  })
}

/** Runs ADD; an attachment that the configuration's version cannot express is removed again. */
async function add(plugin: Plugin, request: Request, env: Environment): Promise<object> {
  if (isOwnNetns(request.netns, env)) throw sharedNetns()
  const result = await plugin.add(request)
  try {
    return convert(result, request.cniVersion)
  } catch (error) {
    await undoAdd(plugin, request)
    throw error
  }
}

/** Removes the attachment; a failure is only logged, because the error that caused the removal is reported. */
async function undoAdd(plugin: Plugin, request: Request): Promise<void> {
  try {
    await plugin.del(request)
  } catch (error) {
    request.log.warn(`cannot remove the attachment again: ${toCniError(error).message}`)
  }
}

/** Runs DEL. When CNI_NETNS is the plugin's own namespace, its interfaces are the host's and stay; the rest is removed. */
async function del(plugin: Plugin, request: Request, env: Environment): Promise<undefined> {
  const isOwn = isOwnNetns(request.netns, env)
  await plugin.del(isOwn ? { ...request, netns: '' } : request)
  if (isOwn) throw sharedNetns()
}

/** Whether a path is the network namespace of this process; false when it cannot be opened. */
function isOwnNetns(netns: string, env: Environment): boolean {
  if (netns === '' || mayShareNetns(env)) return false
  try {
    const [own, other] = [stat('/proc/self/ns/net'), stat(netns)]
    return own !== undefined && own.inode === other?.inode && own.device === other.device
  } catch {
    return false
  }
}

function sharedNetns(): CniError {
  return new CniError(Code.InvalidNetNS, {
    msg: "plugin's netns and netns from CNI_NETNS should not be the same",
    hint: "CNI_NETNS must be the path of the container's namespace; CNI_NETNS_OVERRIDE=1 allows this one",
  })
}
