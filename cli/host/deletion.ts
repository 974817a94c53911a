/** How an attachment of a container that has ended is deleted: DEL of its plugins, the last first, as libcni does. */

import { environment } from '#engine'
import type { Attachment, Registry } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { executeIn } from '../../shared/ipam/delegate.ts'
import { type Chain, chainOf, podmanNetwork } from './chain.ts'
import type { Configurations } from './configurations.ts'
import { directories, executableOf, isOfOurs } from './executable.ts'
import { callOf } from './plugin-call.ts'

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

/** DEL of one plugin. The namespace is gone, so CNI_NETNS is empty (spec section "DEL"). */
function deletion(
  plugin: Record<string, unknown>,
  attachment: Attachment,
  chain: Chain,
  { registry, log }: Context,
): Step {
  const call = callOf('DEL', plugin, { ...attachment, netns: '' }, chain, directories())
  const env = { PATH: environment().PATH ?? '', ...call.variables }
  const prepare = () => executableOf(call.plugin, registry)
  const run = () => executeIn({ env, input: call.input, log }, prepare())
  return { plugin: call.plugin, prepare, run }
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
