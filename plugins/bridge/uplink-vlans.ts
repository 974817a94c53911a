/** The VLANs of an uplink. Networks share the port: each adds what it needs, and none takes from another. */

import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import {
  defaultVlan,
  listPortVlans,
  newPortVlan,
  type PortVlan,
  removePortVlan,
} from '../../shared/netlink/bridge.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { ask, type Request, type Socket } from '../../shared/netlink/socket.ts'
import type { BridgeConfig, Uplink } from './config.ts'
import { missingOf, portVlans, withVlan } from './port-vlans.ts'
import { type VlanConfig, wantsVlans } from './vlans.ts'

/** What gives a NIC that becomes a port its VLANs, as a container's port. */
export function newPortVlans(
  bridge: Link,
  nic: Link,
  uplink: Uplink,
  { preserveDefaultVlan }: BridgeConfig,
): Request[] {
  if (!wantsVlans(uplink)) return []
  const wanted = portVlans(uplink)
  const first = bridge.data ? defaultVlan(bridge.data) : 0
  const isKept = first === 0 || preserveDefaultVlan || withVlan(wanted, first)
  const added = wanted.map((vlan) => newPortVlan(nic, vlan))
  return isKept
    ? added
    : [...added, removePortVlan(nic, { first, last: first, pvid: false, untagged: false })]
}

/** What a network needs of a port that others use, too: without `vlan`, untagged frames may be in any VLAN. */
export function sharedVlans(uplink: VlanConfig): PortVlan[] {
  return portVlans(uplink).filter(({ pvid }) => uplink.vlan !== 0 || !pvid)
}

/** Adds the VLANs that a port lacks. @throws CniError when its untagged frames are in another VLAN */
export function addVlans(host: Socket, port: Link, uplink: Uplink, undo: Undo): void {
  if (!wantsVlans(uplink)) return
  const actual = listPortVlans(host, port)
  refuseOtherVlan(port, actual, uplink)
  for (const vlan of sharedVlans(uplink).flatMap((wanted) => missingOf(actual, wanted)))
    undoable(
      undo,
      () => ask(host, newPortVlan(port, vlan)),
      () => ask(host, removePortVlan(port, vlan)),
    )
}

/** A port has one VLAN for untagged frames, and sends each VLAN either tagged or untagged. */
function refuseOtherVlan({ name }: Link, actual: PortVlan[], { vlan }: Uplink): void {
  const native = actual.find(({ pvid }) => pvid)
  const same = withVlan(actual, vlan)
  if (vlan === 0 || (same ? same.pvid && same.untagged : !native)) return
  const has =
    native && native.first !== vlan
      ? `has VLAN ${native.first} for untagged frames`
      : `sends VLAN ${vlan} tagged`
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `uplinks: ${name} ${has} already, and cannot have ${vlan}: all networks with this uplink share its vlan`,
    hint: `give all of them the same vlan; or change the port for all: bridge vlan add dev ${name} vid ${vlan} pvid untagged`,
    see: `bridge vlan show dev ${name}`,
  })
}
