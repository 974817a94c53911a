/** What the runtime asks for and what the container has, as rules: one entry for each family. */

import { ownIps } from '../../shared/attachment/chained.ts'
import { cidrs } from '../../shared/attachment/configure.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import type { PortRules } from '../../shared/firewall/portmap-rules.ts'
import { families } from '../../shared/ip/address.ts'
import type { Cidr } from '../../shared/ip/subnet.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { findPath } from '../../shared/netlink/path.ts'
import type { PortmapConfig } from './config.ts'
import { portsOf } from './ports.ts'

/** Whether the runtime asks for host ports. */
export function isAsked({ runtimeConfig }: Partial<PortmapConfig>): boolean {
  return (runtimeConfig?.portMappings ?? []).length > 0
}

/** The rules for the first address of each family, as in the reference; none for a family without address or mappings. */
export function rulesFor(request: Request<PortmapConfig>, result: Result): PortRules[] {
  const { network, containerID, ifname, config } = request
  const { snat, masqAll, markMasqBit, externalSetMarkChain } = config
  const addresses = cidrs(ownIps(result, ifname))
  const links = hostLinks(result)
  return families.flatMap((family) => {
    const address = addresses.find((one) => one.address.family === family)
    const mappings = address ? portsOf(config, family) : []
    if (!address || mappings.length === 0) return []
    const conditions = family === 4 ? config.conditionsV4 : config.conditionsV6
    return {
      attachment: { network, containerID, ifname },
      address,
      via: linkTo(address),
      links,
      mappings,
      snat,
      masqAll,
      markMasqBit,
      externalSetMarkChain,
      conditions,
    }
  })
}

/** The host's interfaces of a result; a name is at most 15 bytes (IFNAMSIZ, include/uapi/linux/if.h). */
function hostLinks({ interfaces }: Result): string[] {
  return interfaces.flatMap(({ name, sandbox }) => (sandbox || Buffer.byteLength(name) > 15 ? [] : [name]))
}

/** The host's interface behind which an address is. */
function linkTo({ address }: Cidr): string | undefined {
  const path = findPath(hostSocket(), address)
  return path && findLink(hostSocket(), path.link)?.name
}
