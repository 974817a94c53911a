/** The bridge itself: found or made, brought to what the configuration says, removed only by the ADD that made it and failed. */

import { findMade } from '../../shared/attachment/made.ts'
import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { CniError, Code } from '../../shared/cni/error.ts'
import { formatMac } from '../../shared/ip/mac.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { readFile } from '../../shared/kernel/files.ts'
import { writeSysctl } from '../../shared/kernel/sysctl.ts'
import { type BridgeOptions, changeBridge, newBridge, parseBridge } from '../../shared/netlink/bridge.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link, listPorts, removeIfThere } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import type { BridgeConfig } from './config.ts'

/** The bridge of a configuration, up and as it says; made if there is none. The caller holds its lock. */
export function ensureBridge(host: Socket, config: BridgeConfig, undo: Undo): Link {
  const found = findLink(host, config.bridge)
  const bridge = found ?? makeBridge(host, config, undo)
  if (bridge.kind !== 'bridge') throw notABridge(bridge)
  requireVlanFiltering(bridge, config, found !== undefined)
  return reconcile(host, bridge, config)
}

function makeBridge(host: Socket, config: BridgeConfig, undo: Undo): Link {
  const { bridge: name, mtu, uplinks = [] } = config
  const mac = uplinks[0] ? findLink(host, uplinks[0])?.mac : randomMac()
  try {
    undoable(
      undo,
      () => ask(host, newBridge(name, { mac, mtu: mtu || undefined }, bridgeOptions(config))),
      () => withLinkLock(name, () => removeUnlessUsed(host, name)),
    )
  } catch (error) {
    if (wantsVlans(config) && isErrno(error, 'EOPNOTSUPP')) throw noVlanFiltering(name)
    // Somebody who does not know our lock was faster: the bridge is there, and that is all we want.
    if (!isErrno(error, 'EEXIST')) throw error
  }
  return findMade(host, name)
}

/** A MAC of its own, or its uplink's, keeps the bridge from taking the lowest of its ports', which changes as containers come and go. */
function randomMac(): string {
  const uuid = Buffer.from(readFile('/proc/sys/kernel/random/uuid').trim().replaceAll('-', ''), 'hex')
  const bytes = uuid.subarray(10, 16)
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 2
  return formatMac(bytes)
}

/** Removes the bridge if it has no port. */
function removeUnlessUsed(host: Socket, name: string): void {
  const bridge = findLink(host, name)
  if (bridge && listPorts(host, bridge).length === 0) removeIfThere(host, bridge)
}

/** Whether a container other than the one whose port is `own` is on the bridge: both suites name the host's ends `veth…`. */
function hasOtherContainers(host: Socket, bridge: Link, own: string): boolean {
  return listPorts(host, bridge).some(
    ({ kind, name }) => kind === 'veth' && name.startsWith('veth') && name !== own,
  )
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

/** Whether ports of this network are told apart by VLAN. */
export function wantsVlans({ vlan, vlanTrunk }: BridgeConfig): boolean {
  return vlan !== 0 || vlanTrunk !== undefined
}

function notABridge({ name, kind }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `"${name}" already exists but is not a bridge`,
    hint: `it is ${kind ? `of kind ${kind}` : 'a network card'}: name another bridge, or make ${name} a port with "uplinks"`,
    see: seeLink(name),
  })
}

/** Without filtering a VLAN would separate nobody; older kernels built without it ignore the wish silently. */
function requireVlanFiltering(bridge: Link, config: BridgeConfig, existed: boolean): void {
  if (!wantsVlans(config) || (bridge.data && parseBridge(bridge.data).vlanFiltering)) return
  if (!existed) throw noVlanFiltering(bridge.name)
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `vlan: bridge ${bridge.name} exists and does not filter VLANs, so its containers would not be separated`,
    hint: `switch filtering on: ip link set dev ${bridge.name} type bridge vlan_filtering 1`,
  })
}

function noVlanFiltering(bridge: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: 'vlan: this kernel cannot filter VLANs on a bridge',
    hint: 'it was built without CONFIG_BRIDGE_VLAN_FILTERING: use another kernel, or a bridge per VLAN',
    reproduce: `ip link add ${bridge} type bridge vlan_filtering 1`,
    errno: 'EOPNOTSUPP',
  })
}

/** Changes what the configuration names and the bridge has otherwise. Its MTU is left alone: other containers rely on it. */
function reconcile(host: Socket, bridge: Link, config: BridgeConfig): Link {
  refuseAdvertisements(bridge, config)
  const wrong = differences(bridge, bridgeOptions(config))
  if (Object.keys(wrong).length > 0) ask(host, changeBridge(bridge, wrong))
  const promisc = config.promiscMode && !bridge.promisc
  if (!bridge.up || promisc) ask(host, changeLink(bridge, { up: true, ...(promisc && { promisc }) }))
  return bridge
}

/**
 * A container could make itself the host's IPv6 router with one advertisement (CVE-2020-10749). Where uplinks bring the
 * LAN onto the bridge, its routers are the host's own business.
 */
function refuseAdvertisements({ name }: Link, { uplinks }: BridgeConfig): void {
  if (!uplinks) writeSysctl('0', 'ipv6', 'conf', name, 'accept_ra')
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
