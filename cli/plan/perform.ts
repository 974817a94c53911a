/** The ADD of each plugin of a list where it does no harm, and what the kernel was asked to change. */

import { nameWithin } from '../../shared/cni/name-within.ts'
import type { Registry } from '../../shared/cni/plugin.ts'
import { respond } from '../../shared/cni/respond.ts'
import { isObject, parseObject } from '../../shared/config/json.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { stderrLog } from '../../shared/error/log.ts'
import { isOwnIpam } from '../../shared/ipam/ipam.ts'
import { listenToChanges } from '../../shared/kernel/changes.ts'
import { makeDirectory, makeLink } from '../../shared/kernel/files.ts'
import type { Configured } from '../host/networks.ts'
import { valuesOf } from './parents.ts'
import { namespaceOf } from './where.ts'
import { commandsOf } from './words.ts'

/** One command of the plan. */
export interface Step {
  plugin: string
  command: string
  where: 'host' | 'container'
}

export interface Wanted {
  plugins: readonly Configured[]
  container: string
  ifname: string
  /** The path of the container's namespace. */
  netns: string
  args: string
  capabilities: Readonly<Record<string, unknown>>
}

/** Names of this executable, by which the plugins find it as their IPAM plugin. */
const directory = '/run/patchbay-plan'

/** Runs ADD of the plugins in their order; each gets the result of the one before. @throws CniError when one fails, or is another project's */
export async function perform(wanted: Wanted, registry: Registry): Promise<Step[]> {
  for (const { raw } of wanted.plugins) makeIpamNames(raw)
  const steps: Step[] = []
  const host = namespaceOf()
  let prevResult: unknown
  for (const plugin of wanted.plugins) {
    listenToChanges((change) => {
      const where = namespaceOf(change.socket) === host ? 'host' : 'container'
      const commands = commandsOf(change.commands, wanted.netns, where === 'container')
      for (const command of commands) steps.push({ plugin: plugin.type, command, where })
    })
    prevResult = await addOne(plugin, wanted, prevResult, registry)
  }
  return steps
}

/** @throws CniError for an IPAM plugin that would be executed: it may ask a server, or a daemon of the host */
function makeIpamNames(raw: Record<string, unknown>): void {
  makeDirectory(directory)
  for (const type of valuesOf('type', raw.ipam)) {
    if (!isOwnIpam(type) || type.includes('/')) throw foreign(type, 'ipam.type')
    makeLink(`${directory}/${type}`, '/proc/self/exe')
  }
}

function foreign(type: string, key: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `${key} ${JSON.stringify(type.slice(0, 50))} is no plugin of Patchbay's: what it does is not known`,
    hint: 'plan a copy of the file with a plugin of Patchbay in its place, or without it',
  })
}

/** The result, as JSON. @throws CniError */
async function addOne(
  { type, raw }: Configured,
  wanted: Wanted,
  prevResult: unknown,
  registry: Registry,
): Promise<unknown> {
  const load = registry[(!type.includes('/') && nameWithin(type, Object.keys(registry))) || '']
  if (!load) throw foreign(type, 'type')
  const plugin = await load()
  const input = JSON.stringify({
    ...raw,
    ...runtimeConfig(raw, wanted),
    ...(prevResult ? { prevResult } : {}),
  })
  const call = { env: environmentOf(wanted), read: () => input, registry, log: stderrLog(plugin.name) }
  const { output, status } = await respond(plugin, call)
  const answer = parseObject(output, `answer of ${type}`)
  if (status !== 0) throw failure(type, answer)
  return answer
}

function runtimeConfig({ capabilities }: Record<string, unknown>, wanted: Wanted) {
  const declared = isObject(capabilities) ? capabilities : {}
  const values = Object.entries(wanted.capabilities).filter(([name]) => declared[name] === true)
  return values.length > 0 ? { runtimeConfig: Object.fromEntries(values) } : {}
}

function environmentOf({ container, ifname, netns, args }: Wanted): Record<string, string> {
  return {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: container,
    CNI_NETNS: netns,
    CNI_IFNAME: ifname,
    CNI_PATH: directory,
    ...(args && { CNI_ARGS: args }),
  }
}

function failure(type: string, { msg, details }: Record<string, unknown>): CniError {
  return new CniError(Code.Internal, {
    msg: `${type}: ADD would fail: ${msg}`,
    details: typeof details === 'string' ? details : undefined,
    hint: 'the plan is of this host as it is now, without the firewall rules of other programs and the ends of its containers',
  })
}
