/** What portmap does for an attachment: host ports that lead to a port of the container, in one family. */

import type { Attachment } from '../cni/plugin.ts'
import { type Address, formatAddress } from '../ip/address.ts'
import type { Cidr } from '../ip/subnet.ts'
import type { Protocol } from '../netlink/nftables-types.ts'

export interface Mapping {
  protocol: Protocol
  hostPort: number
  containerPort: number
  /** The only address of the host at which the port is taken. Absent: all. */
  hostIP?: Address
}

export interface PortRules {
  attachment: Attachment
  /** The container's, with the prefix length of its subnet. */
  address: Cidr
  /** The host's interface behind which the container is; undefined if the host has no route to it. */
  via?: string
  /** The host's links that the container is reached by: when one of them is gone, so is the container. */
  links?: string[]
  mappings: Mapping[]
  /** The source of connections from the container's own network and from 127.0.0.0/8 becomes the host's. */
  snat: boolean
  /** The source of all connections becomes the host's. */
  masqAll: boolean
  /** Further conditions for a packet: words of nft, or of iptables. */
  conditions?: string[]
  /** For iptables. */
  markMasqBit?: number
  externalSetMarkChain?: string
}

/** `8080/tcp`, or `10.0.0.9:8080/tcp`: a host port in messages. */
export function hostPortOf({ protocol, hostPort, hostIP }: Mapping): string {
  if (!hostIP) return `${hostPort}/${protocol}`
  const text = formatAddress(hostIP)
  return `${hostIP.family === 6 ? `[${text}]` : text}:${hostPort}/${protocol}`
}

/** The mappings whose flows connection tracking remembers: UDP's. */
export function udpPorts(rules: PortRules[]) {
  return rules.flatMap(({ address: { address }, mappings }) =>
    mappings
      .filter(({ protocol }) => protocol === 'udp')
      .map(({ hostPort: port, containerPort, hostIP }) => ({ address, port, containerPort, hostIP })),
  )
}
