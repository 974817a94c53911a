/** Dispatch: each command on its plugin's verb, and what surrounds it. */

import { stat } from '../kernel/files.ts'
import { convert } from './convert.ts'
import { type Environment, mayShareNetns } from './environment.ts'
import { CniError, Code, toCniError } from './error.ts'
import type { Plugin, Request } from './plugin.ts'

/** Gives what goes to standard output, if anything does. */
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
    hint: `known are ${Object.keys(verbs).join(', ')} and VERSION`,
  })
}

/** An attachment that the configuration's version cannot express is taken back. */
async function add(plugin: Plugin, request: Request, env: Environment): Promise<object> {
  if (isOwnNetns(request.netns, env)) throw sharedNetns()
  const result = await plugin.add(request)
  try {
    return convert(result, request.cniVersion)
  } catch (error) {
    await takeBack(plugin, request)
    throw error
  }
}

/** What goes wrong here is told, but does not hide why the attachment is taken back. */
async function takeBack(plugin: Plugin, request: Request): Promise<void> {
  try {
    await plugin.del(request)
  } catch (error) {
    request.log.warn(`taking the attachment back: ${toCniError(error).message}`)
  }
}

/** In a namespace that is our own, interfaces are the host's: none is touched, the rest is cleaned up. */
async function del(plugin: Plugin, request: Request, env: Environment): Promise<undefined> {
  const isOwn = isOwnNetns(request.netns, env)
  await plugin.del(isOwn ? { ...request, netns: '' } : request)
  if (isOwn) throw sharedNetns()
}

/** Whether a path leads to the namespace that this process runs in; one that cannot be opened does not. */
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
