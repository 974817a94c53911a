/** How an attachment of a container that has ended is deleted: DEL of its plugins, the last first, as libcni does. */

import { environment } from '#engine'
import type { Attachment, Registry } from '../../shared/cni/plugin.ts'
import { isObject } from '../../shared/config/json.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { executeIn } from '../../shared/ipam/delegate.ts'
import { type Chain, chainOf, podmanNetwork } from './chain.ts'
import type { Configurations } from './configurations.ts'
import { directories, executableOf, isOfOurs } from './executable.ts'

/** One plugin's part. */
export interface Step {
  plugin: string
  /** Looks whether it can be run. @throws CniError */
  prepare(): void
  /** @throws CniError */
  run(): unknown
}

/** @param log gets what a plugin says */
export interface Context {
  configurations: Configurations
  registry: Registry
  log(text: string): void
}

/**
 * The steps, in their order.
 * @param netns where the container's namespace was
 * @returns the plugins' names when none of them is ours
 * @throws CniError when no file has the network
 */
export function stepsOf(
  attachment: Attachment,
  netns: string,
  context: Context,
): Step[] | { foreign: string[] } {
  const { configurations, registry } = context
  const chain = chainOf(attachment, configurations)
  if (!chain) return [teardown(attachment, netns, context)]
  const types = chain.plugins.map(({ type }) => String(type))
  return types.some((type) => isOfOurs(type, registry))
    ? chain.plugins.toReversed().map((plugin) => deletion(plugin, attachment, chain, context))
    : { foreign: types }
}

/** DEL of one plugin. */
function deletion(plugin: Raw, attachment: Attachment, chain: Chain, { registry, log }: Context): Step {
  const type = String(plugin.type)
  const input = JSON.stringify(inputOf(plugin, attachment, chain))
  const env = environmentOf(attachment, chain)
  const prepare = () => executableOf(type, registry)
  return { plugin: type, prepare, run: () => executeIn({ env, input, log }, prepare()) }
}

type Raw = Record<string, unknown>

/** The namespace is gone, so CNI_NETNS is empty (spec section "DEL"). */
function environmentOf({ containerID, ifname }: Attachment, { args }: Chain): Record<string, string> {
  return {
    PATH: environment().PATH ?? '',
    CNI_COMMAND: 'DEL',
    CNI_CONTAINERID: containerID,
    CNI_NETNS: '',
    CNI_IFNAME: ifname,
    CNI_PATH: directories().join(':'),
    ...(args && { CNI_ARGS: args }),
  }
}

/** Versions whose DEL has no result: spec 0.4.0 gave it one. */
const withoutResult = ['0.1.0', '0.2.0', '0.3.0', '0.3.1']

function inputOf(plugin: Raw, { network }: Attachment, { cniVersion, result, capabilities }: Chain): Raw {
  const declared = isObject(plugin.capabilities) ? plugin.capabilities : {}
  const values = Object.entries(capabilities).filter(([name]) => declared[name] === true)
  return {
    ...plugin,
    name: network,
    cniVersion,
    ...(values.length > 0 && { runtimeConfig: Object.fromEntries(values) }),
    ...(result && !withoutResult.includes(cniVersion) && { prevResult: result }),
  }
}

/** What netavark would call for a container of podman 5. @throws CniError when podman has no such network */
function teardown(attachment: Attachment, netns: string, { configurations, registry }: Context): Step {
  const network = podmanNetwork(attachment, configurations)
  if (!network) throw noNetwork(attachment)
  const { containerID: container_id, ifname: interface_name } = attachment
  const run = async () => {
    const { teardown } = await import('../../netavark/teardown.ts')
    await teardown({ container_id, network, network_options: { interface_name } }, netns, registry)
  }
  return { plugin: String(network.driver), prepare() {}, run }
}

function noNetwork({ network }: Attachment): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `no file has the network ${network} any more, so its plugins are not known`,
    hint: `write its configuration to /etc/cni/net.d again, run patchbay gc ${network}, and remove it`,
  })
}
