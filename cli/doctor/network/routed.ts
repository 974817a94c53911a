/** Networks whose containers the host routes for: one attachment of each stands for all. */

import type { Address, Family } from '../../../shared/ip/address.ts'
import { type Cidr, formatCidr, subnetOf } from '../../../shared/ip/subnet.ts'
import type { View } from '../frame/fault.ts'
import { bridgeNameOf, isRouted, type Wired, wiredOf } from './wired.ts'

/** The link of the host by which packets of an attachment arrive; undefined where a VLAN's gateway has it. */
export function gatewayLinkOf(wired: Wired): string | undefined {
  if (!isRouted(wired)) return undefined
  if (wired.type === 'ptp') return wired.end?.name
  return wired.config.vlan ? undefined : bridgeNameOf(wired)
}

/** One address of a network. */
export interface Sample {
  wired: Wired
  family: Family
  address: Address
  subnet: Cidr
  from?: string
}

/** A sample of each network and subnet that is routed. */
export function samplesOf(view: View): Sample[] {
  const samples = new Map<string, Sample>()
  for (const wired of wiredOf(view)) {
    if (!isRouted(wired)) continue
    for (const { cidr } of wired.addresses) {
      const [subnet, { address }] = [subnetOf(cidr), cidr]
      const key = `${wired.network} ${formatCidr(subnet)}`
      if (!samples.has(key))
        samples.set(key, { wired, family: address.family, address, subnet, from: gatewayLinkOf(wired) })
    }
  }
  return [...samples.values()]
}
