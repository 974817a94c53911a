/** A network of podman as the list of plugins that a driver of ours calls for a container. */

import { chainOf } from '../../netavark/chain.ts'
import { netavarksOwn, pluginOfDriver } from '../../netavark/drivers.ts'
import { readAttachment, withoutNulls } from '../../netavark/input.ts'
import type { Registry } from '../../shared/cni/plugin.ts'
import { newest } from '../../shared/cni/version.ts'
import { misuse } from '../form/arguments.ts'
import { podmanNetworks } from '../host/configurations.ts'

type Raw = Record<string, unknown>

/**
 * @param network as podman describes it
 * @param ips the addresses that it is to give: podman allocates them itself
 * @throws CniError for a driver that is none of ours, and without addresses
 */
export async function podmanList(
  network: Raw,
  registry: Registry,
  ips: readonly string[] = [],
): Promise<{ list: Raw; file: string }> {
  const [name, driver] = [String(network.name), String(network.driver)]
  if (!pluginOfDriver(driver) || netavarksOwn.includes(driver))
    throw misuse(
      `${name} is a network of netavark's own driver ${driver}, to which podman alone attaches`,
      'of a driver of ours: podman network create -d patchbay-bridge …',
    )
  if (Array.isArray(network.subnets) && network.subnets.length > 0 && ips.length === 0)
    throw misuse(
      `podman allocates the addresses of ${name}: name free ones`,
      `--capabilities '{"ips": ["ADDRESS"]}'; podman network inspect ${name} shows those in use`,
    )
  const network_options = { interface_name: 'eth0', static_ips: [...ips] }
  const attachment = readAttachment(
    withoutNulls({
      container_id: 'patchbay',
      network,
      network_options,
    }) as Raw,
  )
  const plugins = (await chainOf(attachment, registry)).map(({ configuration }) =>
    withoutIdentity(configuration),
  )
  return { list: { cniVersion: newest, name, plugins }, file: `${podmanNetworks}/${name}.json` }
}

function withoutIdentity({ name: _, cniVersion: __, ...plugin }: Raw): Raw {
  return plugin
}
