/** netavark's StatusBlock: what `setup` made, for podman to record and show. */

import type { Answer } from './call.ts'
import type { Attachment } from './input.ts'

/** The container's interface with its addresses. */
export function statusBlock({ interfaces = [], ips = [], dns }: Answer, attachment: Attachment): object {
  const { network, network_options } = attachment
  const name = network_options.interface_name
  const at = interfaces.findIndex((one) => one.sandbox && one.name === name)
  const own = ips.filter((ip) => ip.interface === at)
  const subnets = own.map(({ address, gateway }) => ({ ipnet: address, ...(gateway && { gateway }) }))
  return {
    // A device without a MAC address has an empty one: podman refuses a block without it.
    interfaces: { [name]: { mac_address: interfaces[at]?.mac ?? '', subnets } },
    dns_server_ips: network.network_dns_servers ?? dns?.nameservers ?? [],
    dns_search_domains: dns?.search ?? [],
  }
}
