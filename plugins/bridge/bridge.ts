/** The bridge: found or made, and changed to the configuration. Only a failed ADD that made it removes it. */

import type { Life } from '../../shared/attachment/device.ts'
import type { Undo } from '../../shared/attachment/undo.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { ifnameFault } from '../../shared/config/names.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { makeBridge, pinAddress, refuseAdvertisements, requireBridge } from '../../shared/link/bridge.ts'
import { type BridgeOptions, changeBridge, parseBridge } from '../../shared/netlink/bridge.ts'
import { changeLink, findLink, type Link, listPorts } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { type BridgeConfig, filtersVlans, isGateway, uplinksOf } from './config.ts'

/**
 * Makes the bridge of a configuration unless it was found, configured and up. The caller holds its lock.
 * @param own the name of this container's port
 * @throws CniError when it does not fit
 */
export function ensureBridge(
  { host, request, undo }: Life<BridgeConfig>,
  found: Link | undefined,
  own: string,
): Link {
  const { config, log } = request
  const bridge = found ?? makeConfigured(host, config, undo)
  requireBridge(bridge)
  requireVlanFiltering(bridge, config, found !== undefined)
  return configure({ host, config, log, undo: undoUnlessJoined(undo, host, bridge, own) }, bridge)
}

/** With uplinks the bridge gets the MAC address of the first one, which machines on the LAN may have in their caches. */
function makeConfigured(host: Socket, config: BridgeConfig, undo: Undo): Link {
  const { bridge: name, mtu } = config
  const [uplink] = uplinksOf(config)
  if (ifnameFault(name)) throw noNewName(name)
  const mac = uplink && findLink(host, uplink.name)?.mac
  try {
    return makeBridge(host, { name, mac, mtu: mtu || undefined, options: bridgeOptions(config) }, undo)
  } catch (error) {
    throw filtersVlans(config) && isErrno(error, 'EOPNOTSUPP') ? noVlanFiltering(name) : error
  }
}

/** STATUS: the bridge exists, or its name is one for a new bridge. @throws CniError */
export function requireBridgeName(host: Socket, { bridge }: BridgeConfig): void {
  if (ifnameFault(bridge) && !findLink(host, bridge)) throw noNewName(bridge)
}

/** An existing bridge may be named by an alternative name, which can be longer than that of a new one. */
function noNewName(name: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `bridge: the host has no ${JSON.stringify(name)}, and no bridge can be made of that name: choose one of at most 15 bytes`,
    hint: 'choose an interface name: at most 15 bytes, without /, : or white space; or make the bridge and give it this alternative name',
    see: 'ip -d link show type bridge',
  })
}

/** The ports of other containers. Patchbay and the reference name host ends `veth…`. @param own this container's port */
function otherContainers(host: Socket, bridge: Link, own: string): number[] {
  const ports = listPorts(host, bridge, 'veth')
  return ports.filter(({ name }) => name.startsWith('veth') && name !== own).map(({ index }) => index)
}

/**
 * An undo that runs only if no other container is on the bridge, because others may rely on the step.
 * @param own this container's port
 * @param known ports of containers that do not rely on it
 */
export function undoUnlessShared(
  undo: Undo,
  host: Socket,
  bridge: Link,
  own: string,
  known: readonly number[] = [],
): Undo {
  const isShared = () => otherContainers(host, bridge, own).some((port) => !known.includes(port))
  return (inverse) => undo(() => withLinkLock(bridge.name, () => (isShared() ? undefined : inverse())))
}

/**
 * The same for steps under the lock under which containers join the bridge: those that were on it before have their own
 * settings from their own ADD, and only one that has joined since may rely on the step.
 */
export function undoUnlessJoined(undo: Undo, host: Socket, bridge: Link, own: string): Undo {
  return (inverse) => {
    const known: number[] = []
    undoUnlessShared(undo, host, bridge, own, known)(inverse)
    known.push(...otherContainers(host, bridge, own))
  }
}

/** The bridge options that the configuration sets. */
export function bridgeOptions(config: BridgeConfig): BridgeOptions {
  const { stp, ageingTime, multicastSnooping, groupForwardMask } = config
  return { vlanFiltering: filtersVlans(config), stp, ageingTime, multicastSnooping, groupForwardMask }
}

/** Without VLAN filtering the bridge separates no containers; kernels built without it may ignore the option silently. */
function requireVlanFiltering(bridge: Link, config: BridgeConfig, existed: boolean): void {
  if (!filtersVlans(config) || (bridge.data && parseBridge(bridge.data).vlanFiltering)) return
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

interface Configuring extends Pick<Request<BridgeConfig>, 'config' | 'log'> {
  host: Socket
  undo: Undo
}

/** Sets the configured options that differ. The MTU is not changed, because other containers rely on it. */
function configure({ host, config, log, undo }: Configuring, bridge: Link): Link {
  if (isGateway(config)) pinAddress(host, bridge)
  // With uplinks the host may need router advertisements from the LAN.
  const acceptAgain = config.uplinks ? undefined : refuseAdvertisements(bridge, log)
  if (acceptAgain) undo(acceptAgain)
  const wrong = differences(bridge, bridgeOptions(config))
  if (Object.keys(wrong).length > 0) {
    const before = optionsOf(bridge, wrong)
    undo(() => ask(host, changeBridge(bridge, before)))
    ask(host, changeBridge(bridge, wrong))
  }
  const promisc = config.promiscMode && !bridge.promisc
  if (!bridge.up || promisc) {
    undo(() => ask(host, changeLink(bridge, { up: bridge.up, ...(promisc && { promisc: false }) })))
    ask(host, changeLink(bridge, { up: true, ...(promisc && { promisc }) }))
  }
  return bridge
}

/** The values that the bridge has for these options. */
function optionsOf({ data }: Link, options: BridgeOptions): BridgeOptions {
  const actual = data ? parseBridge(data) : {}
  return Object.fromEntries(Object.entries(actual).filter(([key]) => Object.hasOwn(options, key)))
}

/** The configured options that the bridge does not have. */
export function differences(bridge: Link, wanted: BridgeOptions): BridgeOptions {
  const actual = bridge.data ? parseBridge(bridge.data) : undefined
  const { vlanFiltering: _, ...settable } = wanted
  const wrong = Object.entries(settable).filter(
    ([key, value]) => value !== undefined && value !== actual?.[key as keyof BridgeOptions],
  )
  return Object.fromEntries(wrong)
}
