/** A call of one plugin of a list, with the input and the variables that libcni gives it (libcni/api.go). */

import type { Attachment, Command } from '../../shared/cni/plugin.ts'
import { isObject } from '../../shared/config/json.ts'
import type { Chain } from './chain.ts'

type Raw = Record<string, unknown>

/** What a plugin is called for. */
export interface Target extends Attachment {
  /** The path of the container's namespace; empty when it is gone. */
  netns: string
}

/** A call, without what the caller's own environment adds. */
export interface PluginCall {
  command: Command
  plugin: string
  /** The CNI_ variables (spec section "Parameters"). */
  variables: Record<string, string>
  input: string
}

/** @param chain its result is the prevResult @param path the directories of the plugins */
export function callOf(
  command: Command,
  plugin: Raw,
  target: Target,
  chain: Chain,
  path: readonly string[],
): PluginCall {
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: target.containerID,
    CNI_NETNS: target.netns,
    CNI_IFNAME: target.ifname,
    CNI_PATH: path.join(':'),
    ...(chain.args && { CNI_ARGS: chain.args }),
  }
  const input = JSON.stringify(inputOf(command, plugin, target.network, chain))
  return { command, plugin: String(plugin.type), variables, input }
}

/** Versions before 0.4.0, which brought CHECK, and the result for DEL. */
export function isBeforeCheck(version: string): boolean {
  return ['0.1.0', '0.2.0', '0.3.0', '0.3.1'].includes(version)
}

function inputOf(command: Command, plugin: Raw, network: string, chain: Chain): Raw {
  const { cniVersion, result, capabilities } = chain
  const declared = isObject(plugin.capabilities) ? plugin.capabilities : {}
  const values = Object.entries(capabilities).filter(([name]) => declared[name] === true)
  const takesResult = command === 'ADD' || !isBeforeCheck(cniVersion)
  return {
    ...plugin,
    name: network,
    cniVersion,
    ...(values.length > 0 && { runtimeConfig: Object.fromEntries(values) }),
    ...(result && takesResult && { prevResult: result }),
  }
}
