/** The bridge itself: found or made, brought to what the configuration says, removed only by the ADD that made it and failed. */

import type { Undo } from '../../shared/attachment/undo.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { makeBridge, refuseAdvertisements, requireBridge } from '../../shared/link/bridge.ts'
import { type BridgeOptions, changeBridge, parseBridge } from '../../shared/netlink/bridge.ts'
import { changeLink, findLink, type Link, listPorts } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { type BridgeConfig, wantsVlans } from './config.ts'

/** The bridge of a configuration, up and as it says; made if there is none. The caller holds its lock. */
export function ensureBridge(host: Socket, config: BridgeConfig, undo: Undo): Link {
  const found = findLink(host, config.bridge)
  const bridge = found ?? makeConfigured(host, config, undo)
  requireBridge(bridge)
  requireVlanFiltering(bridge, config, found !== undefined)
  return reconcile(host, bridge, config)
}

/** With uplinks the bridge has the first one's MAC address, which the LAN knows. */
function makeConfigured(host: Socket, config: BridgeConfig, undo: Undo): Link {
  const { bridge: name, mtu, uplinks = [] } = config
  const mac = uplinks[0] ? findLink(host, uplinks[0])?.mac : undefined
  try {
    return makeBridge(host, { name, mac, mtu: mtu || undefined, options: bridgeOptions(config) }, undo)
  } catch (error) {
    throw wantsVlans(config) && isErrno(error, 'EOPNOTSUPP') ? noVlanFiltering(name) : error
  }
}

/** Whether a container other than the one whose port is `own` is on the bridge: both suites name the host's ends `veth…`. */
function hasOtherContainers(host: Socket, bridge: Link, own: string): boolean {
  return listPorts(host, bridge, 'veth').some(({ name }) => name.startsWith('veth') && name !== own)
}

/** An Undo for what other containers may have come to rely on: it runs only while there are none. `own` is the port of this one. */
export function undoUnlessShared(undo: Undo, host: Socket, bridge: Link, own: string): Undo {
  return (inverse) =>
    undo(() =>
      withLinkLock(bridge.name, () => (hasOtherContainers(host, bridge, own) ? undefined : inverse())),
    )
}

/** The bridge's own options, as far as the configuration names them. */
export function bridgeOptions(config: BridgeConfig): BridgeOptions {
  const { stp, ageingTime, multicastSnooping, groupForwardMask } = config
  return { vlanFiltering: wantsVlans(config), stp, ageingTime, multicastSnooping, groupForwardMask }
}

/** Without filtering a VLAN would separate nobody; older kernels built without it ignore the wish silently. */
function requireVlanFiltering(bridge: Link, config: BridgeConfig, existed: boolean): void {
  if (!wantsVlans(config) || (bridge.data && parseBridge(bridge.data).vlanFiltering)) return
  if (!existed) throw noVlanFiltering(bridge.name)
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `vlan: bridge ${bridge.name} exists and does not filter VLANs, so its containers would not be separated: switch filtering on`,
    hint: `switch filtering on: ip link set dev ${bridge.name} type bridge vlan_filtering 1`,
  })
}

function noVlanFiltering(bridge: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: 'vlan: this kernel cannot filter VLANs on a bridge: take a bridge per VLAN',
    hint: 'it was built without CONFIG_BRIDGE_VLAN_FILTERING: use another kernel, or a bridge per VLAN',
    reproduce: `ip link add ${bridge} type bridge vlan_filtering 1`,
    errno: 'EOPNOTSUPP',
  })
}

/** Changes what the configuration names and the bridge has otherwise. Its MTU is left alone: other containers rely on it. */
function reconcile(host: Socket, bridge: Link, config: BridgeConfig): Link {
  // Where uplinks bring the LAN onto the bridge, its routers are the host's own business.
  if (!config.uplinks) refuseAdvertisements(bridge)
  const wrong = differences(bridge, bridgeOptions(config))
  if (Object.keys(wrong).length > 0) ask(host, changeBridge(bridge, wrong))
  const promisc = config.promiscMode && !bridge.promisc
  if (!bridge.up || promisc) ask(host, changeLink(bridge, { up: true, ...(promisc && { promisc }) }))
  return bridge
}

/** The options that are asked for and not so. */
export function differences(bridge: Link, wanted: BridgeOptions): BridgeOptions {
  const actual = bridge.data ? parseBridge(bridge.data) : undefined
  const { vlanFiltering: _, ...settable } = wanted
  const wrong = Object.entries(settable).filter(
    ([key, value]) => value !== undefined && value !== actual?.[key as keyof BridgeOptions],
  )
  return Object.fromEntries(wrong)
}
