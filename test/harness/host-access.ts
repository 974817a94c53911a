/** The host and its containers on one NIC, where the plugin lets them reach each other (hostAccess). */

import * as assert from 'uvu/assert'
import { ipJson } from './command.ts'
import { type Netns, near } from './host.ts'
import { hostLocal } from './networks.ts'
import { bare } from './nic.ts'
import { pings } from './traffic.ts'

/** Addresses in subnets that are not the host's. */
export const apart = { ipam: hostLocal('10.60.0.0/24', 'fd60::/64') }

/** The host's own interfaces of a kind, beside the containers'. */
export function shimsOf(kind: string): string[] {
  return ipJson<{ ifname: string }>(`link show type ${kind}`).map(({ ifname }) => ifname)
}

/** Asserts that the host reaches a container's addresses, and the container the host's. */
export function bothWays(container: Netns, ips: { address: string }[]): void {
  for (const address of bare(ips)) assert.ok(pings(undefined, address), `the host reaches ${address}`)
  for (const address of [near.ipv4, near.ipv6])
    assert.ok(pings(container, address), `the container reaches ${address}`)
}
