/** The host and its containers on one NIC, where the plugin lets them reach each other (hostAccess). */

import * as assert from 'uvu/assert'
import { addressesOf } from './address.ts'
import { ipJson } from './command.ts'
import { type Netns, near } from './host.ts'
import { hostLocal } from './networks.ts'
import { mirrorIn, pings } from './traffic.ts'

/** Addresses in subnets that are not the host's. */
export const apart = { ipam: hostLocal('10.60.0.0/24', 'fd60::/64') }

/** The host's own interfaces of a kind, beside the containers'. */
export function shimsOf(kind: string): string[] {
  return ipJson<{ ifname: string }>(`link show type ${kind}`).map(({ ifname }) => ifname)
}

/** Asserts that the host reaches a container's addresses, and the container the host's. */
export function bothWays(container: Netns, ips: { address: string }[]): void {
  for (const address of addressesOf(ips)) assert.ok(pings(undefined, address), `the host reaches ${address}`)
  for (const address of [near.ipv4, near.ipv6])
    assert.ok(pings(container, address), `the container reaches ${address}`)
}

/** Asserts that a container sees the parent's address as the host's, and the host the container's own. */
export async function ownSources(container: Netns, ips: { address: string }[]): Promise<void> {
  const [ipv4 = ''] = addressesOf(ips)
  const inside = await mirrorIn(container)
  assert.is(inside.sourceOf(undefined, ipv4, 'tcp'), near.ipv4)
  inside.stop()
  const outside = await mirrorIn(undefined)
  assert.is(outside.sourceOf(container, near.ipv4, 'tcp'), ipv4)
  outside.stop()
}
