/** Networks on a NIC of the host, each with its own range of the far host's LAN. */

import { type Network, network } from './cnitool.ts'
import type { Configuration } from './plugin.ts'

let networks = 0

/** The next four addresses of the LAN, of either family. */
export function lanAddresses(): Configuration {
  const first = 20 + 4 * networks++
  const ipv4 = {
    subnet: '198.51.100.0/24',
    rangeStart: `198.51.100.${first}`,
    rangeEnd: `198.51.100.${first + 3}`,
  }
  const group = first.toString(16)
  const ipv6 = {
    subnet: '2001:db8:51::/64',
    rangeStart: `2001:db8:51::${group}:1`,
    rangeEnd: `2001:db8:51::${group}:4`,
  }
  return { type: 'host-local', ranges: [[ipv4], [ipv6]] }
}

/** A new macvlan network on the cable to the far host. */
export function macvlanNetwork(keys: Record<string, unknown> = {}, cniVersion?: string): Network {
  const ipam = lanAddresses()
  return network(`lan${networks}`, { type: 'macvlan', master: 'uplink', ipam, ...keys }, cniVersion)
}

/** A new ipvlan network on the cable to the far host. All on that NIC must have the same mode and flag. */
export function ipvlanNetwork(keys: Record<string, unknown> = {}, cniVersion?: string): Network {
  const ipam = lanAddresses()
  return network(`lan${networks}`, { type: 'ipvlan', master: 'uplink', ipam, ...keys }, cniVersion)
}
