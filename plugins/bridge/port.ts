/** The veth pair of one container, made in one message, with the host's end as a port of the bridge. */

import type { Life } from '../../shared/attachment/device.ts'
import { changeBridgePort, listPortVlans, newPortVlan, removePortVlan } from '../../shared/netlink/bridge.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { type Request as NetlinkRequest, type Socket, transact } from '../../shared/netlink/socket.ts'
import { makePair } from '../../shared/pair/host-end.ts'
import type { BridgeConfig } from './config.ts'
import { portVlans, withVlan } from './port-vlans.ts'
import { wantsVlans } from './vlans.ts'

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
    : listPortVlans(host, port).filter(({ first }) => !withVlan(wanted, first))
  return [
    ...wanted.map((vlan) => newPortVlan(port, vlan)),
    ...unwanted.map((vlan) => removePortVlan(port, vlan)),
  ]
}
