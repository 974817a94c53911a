/** The host of netavark's tests with bridges: a far host, and what the first container makes, which all later ones share. */

import { ip } from '../harness/command.ts'
import { farHost, type Netns, newContainer, removeContainer, usableAtOnce } from '../harness/host.ts'
import {
  attachment,
  create,
  type Network,
  type PortMapping,
  podmanNetwork,
  setup,
  teardown,
} from '../harness/netavark.ts'

interface BridgeHost {
  /** Across a wire. */
  outside: Netns
  /** A network of each family. */
  subnets: { subnet: string; gateway: string }[]
  /** With these subnets, patchbay-bridge. */
  net: Network
}

/** Container port 7000 by TCP. */
export function published(host_port: number): PortMapping {
  return { container_port: 7000, host_port, host_ip: '', protocol: 'tcp', range: 1 }
}

/** Sets up a private host. @param number of the subnets: 10.NUMBER.0.0/24 and fdNUMBER::/64 */
export function bridgeHost(number: number): BridgeHost {
  const outside = farHost()
  usableAtOnce()
  ip('link set lo up')
  const prefixes = [`10.${number}.0.`, `fd${number}::`] as const
  const subnets = [
    { subnet: `${prefixes[0]}0/24`, gateway: `${prefixes[0]}1` },
    { subnet: `${prefixes[1]}/64`, gateway: `${prefixes[1]}1` },
  ]
  const net = create(podmanNetwork('patchbay-bridge', { subnets }))
  const box = newContainer()
  const static_ips = prefixes.map((prefix) => `${prefix}9`)
  const input = attachment(net, { static_ips, port_mappings: [published(9)] })
  setup(input, box)
  teardown(input, box)
  removeContainer(box)
  return { outside, subnets, net }
}
