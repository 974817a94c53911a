/** The veth pair of one container, made in one message, with the host's end as a port of the bridge. */

import type { Life } from '../../shared/attachment/device.ts'
import {
  changeBridgePort,
  listPortVlans,
  newPortVlan,
  type PortVlan,
  removePortVlan,
} from '../../shared/netlink/bridge.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { type Request as NetlinkRequest, type Socket, transact } from '../../shared/netlink/socket.ts'
import { makePair } from '../../shared/pair/host-end.ts'
import { type BridgeConfig, type VlanRange, wantsVlans } from './config.ts'

/** Makes the pair with the host's end as a port. The caller holds the bridge's lock. */
export function connectPort(life: Life<BridgeConfig>, bridge: Link): Link {
  const { host, request } = life
  const port = makePair(life, request.config, { master: bridge, up: true })
  const requests = portRequests(host, port, request.config)
  if (requests.length > 0) transact(host, requests)
  return port
}

/** The settings of the port that differ from the kernel's defaults. */
function portRequests(host: Socket, port: Link, config: BridgeConfig): NetlinkRequest[] {
  const { hairpinMode, portIsolation } = config
  const requests: NetlinkRequest[] = []
  if (hairpinMode || portIsolation) {
    requests.push(changeBridgePort(port, { hairpin: hairpinMode, isolated: portIsolation }))
  }
  return wantsVlans(config) ? [...requests, ...vlanRequests(host, port, config)] : requests
}

/** Adds the new VLANs before it removes the others, so that the port always has one. */
function vlanRequests(host: Socket, port: Link, config: BridgeConfig): NetlinkRequest[] {
  const wanted = portVlans(config)
  const unwanted = config.preserveDefaultVlan
    ? []
    : listPortVlans(host, port).filter(({ first }) => !covers(wanted, first))
  return [
    ...wanted.map((vlan) => newPortVlan(port, vlan)),
    ...unwanted.map((vlan) => removePortVlan(port, vlan)),
  ]
}

/** The VLANs of a port: the trunk's tagged ones, then that of untagged frames, which replaces a tagged one of the same number. */
export function portVlans({ vlan, vlanTrunk }: BridgeConfig): PortVlan[] {
  const tagged = (vlanTrunk ?? []).map((range) => ({ ...bounds(range), pvid: false, untagged: false }))
  const native = vlan || 1
  return [...tagged, { first: native, last: native, pvid: true, untagged: true }]
}

function bounds({ id, minID, maxID }: VlanRange): { first: number; last: number } {
  return { first: id ?? minID ?? 0, last: id ?? maxID ?? 0 }
}

function covers(vlans: PortVlan[], id: number): boolean {
  return vlans.some(({ first, last }) => first <= id && id <= last)
}

/** Whether a port carries a range of VLANs, untagged and as PVID where configured. */
export function carries(actual: PortVlan[], { first, last, pvid, untagged }: PortVlan): boolean {
  for (let id = first; id <= last; id++) {
    const has = actual.find((vlan) => vlan.first <= id && id <= vlan.last)
    if (!has || (pvid && !(has.pvid && has.untagged)) || (untagged && !has.untagged)) return false
  }
  return true
}
