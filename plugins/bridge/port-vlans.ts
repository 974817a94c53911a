/** What the VLAN keys ask of a port, and what a port lacks of it. */

import type { PortVlan } from '../../shared/netlink/bridge.ts'
import type { VlanConfig, VlanRange } from './vlans.ts'

/** The VLANs of a port: the trunk's tagged ones, then that of untagged frames, which replaces a tagged one of the same number. */
export function portVlans({ vlan, vlanTrunk = [] }: VlanConfig): PortVlan[] {
  const tagged = vlanTrunk.map((range) => ({ ...bounds(range), pvid: false, untagged: false }))
  const native = vlan || 1
  return [...tagged, { first: native, last: native, pvid: true, untagged: true }]
}

function bounds({ id, minID, maxID }: VlanRange): { first: number; last: number } {
  return { first: id ?? minID ?? 0, last: id ?? maxID ?? 0 }
}

/** The first of these that has a VLAN. */
export function withVlan(vlans: PortVlan[], id: number): PortVlan | undefined {
  return vlans.find(({ first, last }) => first <= id && id <= last)
}

/** The part of a range that a port lacks: not there, or not untagged and PVID where configured. */
export function missingOf(actual: PortVlan[], { first, last, pvid, untagged }: PortVlan): PortVlan[] {
  const missing: PortVlan[] = []
  for (let id = first; id <= last; id++) {
    const has = withVlan(actual, id)
    if (has && (has.pvid || !pvid) && (has.untagged || !untagged)) continue
    const before = missing.at(-1)
    if (before?.last === id - 1) before.last = id
    else missing.push({ first: id, last: id, pvid, untagged })
  }
  return missing
}
