/**
 * A VNI's segment on this host: a VTEP and the bridge that joins it with the containers. Made with the first container,
 * removed with the last; the kernel knows the bridge's ports, so nobody counts but it.
 */

import type { Trace } from '../../shared/attachment/device.ts'
import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { hostSocket } from '../../shared/attachment/wiring.ts'
import { CniError, Code } from '../../shared/cni/error.ts'
import type { Log } from '../../shared/cni/log.ts'
import type { Settled } from '../../shared/kernel/lock.ts'
import { writeSysctl } from '../../shared/kernel/sysctl.ts'
import { newBridge } from '../../shared/netlink/bridge.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import {
  changeLink,
  findLink,
  hasOtherPort,
  type Link,
  listPorts,
  removeIfThere,
} from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { labelled } from '../../shared/pair/host-end.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import type { VxlanConfig } from './config.ts'
import type { Underlay } from './underlay.ts'
import { fillVtep, keepVtep, makeVtep, vtepName } from './vtep.ts'

/** The alias by which `ip link` tells what goes with the last container. */
const alias = 'patchbay: vxlan'

export interface Segment {
  vtep: Link
  bridge: Link
}

/** The names of a configuration, whatever is left of it in DEL; without any there is nothing to be found. */
export function namesOf({ vni, bridge }: Partial<VxlanConfig>): { bridge?: string; vtep?: string } {
  return {
    bridge: bridge ?? (vni === undefined ? undefined : `vxbr${vni}`),
    vtep: vni === undefined ? undefined : vtepName(vni),
  }
}

/** Holds the lock of a segment: making it and becoming its port are one step to everybody else, and so is its removal. */
export function withSegmentLock<T>(config: VxlanConfig, action: () => Settled<T>): T {
  return withLinkLock(namesOf(config).bridge ?? '', action)
}

/** Finds or makes bridge and VTEP, as configured and up. The caller holds the lock. @param mtu of what is made */
export function ensureSegment(
  host: Socket,
  config: VxlanConfig,
  underlay: Underlay,
  { mtu, undo, log }: { mtu: number; undo: Undo; log: Log },
): Segment {
  const { bridge: bridgeName = '', vtep: name = '' } = namesOf(config)
  const found = findLink(host, name)
  const bridge = ensureBridge(host, bridgeName, mtu, undo)
  refuseOthers(host, bridge, name)
  if (!found) return { bridge, vtep: newVtep(host, bridge, { name, mtu, undo }, config, underlay) }
  if (found.master && found.master !== bridge.index) throw elsewhere(host, found, bridge)
  for (const done of keepVtep(host, found, config, underlay)) log.info(`${name}: ${done}`)
  if (!found.master) ask(host, changeLink(found, { master: bridge }))
  return { bridge, vtep: found }
}

function ensureBridge(host: Socket, name: string, mtu: number, undo: Undo): Link {
  const bridge = findLink(host, name) ?? makeBridge(host, name, mtu, undo)
  if (bridge.kind !== 'bridge') throw notABridge(bridge)
  if (!bridge.up) ask(host, changeLink(bridge, { up: true }))
  return bridge
}

/** Its MAC address is set to what it is: otherwise it would take the lowest of its ports' as containers come and go. */
function makeBridge(host: Socket, name: string, mtu: number, undo: Undo): Link {
  const spare = hostSocket()
  undoable(
    undo,
    () => ask(host, newBridge(name, { mtu }, {})),
    () => withLinkLock(name, () => removeUnlessUsed(spare, name)),
  )
  const bridge = labelled(host, name, alias)
  ask(host, changeLink(bridge, { mac: bridge.mac }))
  // A container could make itself the host's IPv6 router with one advertisement (CVE-2020-10749).
  writeSysctl('0', 'ipv6', 'conf', name, 'accept_ra')
  return bridge
}

function removeUnlessUsed(host: Socket, name: string): void {
  const bridge = findLink(host, name)
  if (bridge && listPorts(host, bridge).length === 0) remove(host, bridge)
}

/** Up last: nothing passes before it knows where to. */
function newVtep(
  host: Socket,
  bridge: Link,
  { name, mtu, undo }: { name: string; mtu: number; undo: Undo },
  config: VxlanConfig,
  underlay: Underlay,
): Link {
  // What failed may be the reading of a list: its socket takes no other. One opened later might be elsewhere.
  const spare = hostSocket()
  const unlessUsed = () => usersOf(spare, bridge, name) || remove(spare, { name })
  makeVtep(host, config, underlay, {
    settings: { name, mtu, master: bridge },
    undo,
    inverse: () => withLinkLock(bridge.name, unlessUsed),
  })
  const vtep = labelled(host, name, alias)
  fillVtep(host, vtep, config, underlay)
  ask(host, changeLink(vtep, { up: true }))
  return vtep
}

/** How many ports a bridge has besides its VTEP: containers, and whatever else an operator has put there. */
function usersOf(host: Socket, bridge: Link, vtep: string | undefined): number {
  return listPorts(host, bridge).filter(({ name }) => name !== vtep).length
}

/** VTEP and bridge, which go with the last container. */
export const segment: Trace<VxlanConfig> = {
  remove: ({ config }) => releaseSegment(hostSocket(), config),
  collect: ({ config }) => releaseSegment(hostSocket(), config),
}

/** Removes what is ours of a segment that nothing uses any more. */
function releaseSegment(host: Socket, config: Partial<VxlanConfig>): void {
  const names = namesOf(config)
  const { bridge: name } = names
  if (!name) return
  withLinkLock(name, () => {
    const bridge = findLink(host, name)
    if (bridge && hasOtherPort(hostSocket(), bridge, names.vtep)) return
    const vtep = names.vtep ? findLink(host, names.vtep) : undefined
    const isPortElsewhere = vtep?.master && vtep.master !== bridge?.index
    if (vtep?.alias === alias && !isPortElsewhere) remove(host, vtep)
    if (bridge?.alias === alias) removeUnlessUsed(host, name)
  })
}

function remove(host: Socket, link: { name: string; index?: number }): void {
  removeIfThere(host, link)
}

function notABridge({ name, kind }: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `bridge: ${name} exists already but is not a bridge`,
    hint: `it is ${kind ? `of kind ${kind}` : 'a network card'}: name another bridge`,
    see: seeLink(name),
  })
}

function refuseOthers(host: Socket, bridge: Link, vtep: string): void {
  const other = listPorts(host, bridge, 'vxlan').find(({ name }) => name !== vtep)
  if (!other) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `bridge: ${bridge.name} has VTEP ${other.name} as a port: the two VNIs would be one network`,
    hint: 'give each VNI a bridge of its own, or leave bridge out',
    see: `ip -d link show master ${bridge.name}`,
  })
}

function elsewhere(host: Socket, vtep: Link, bridge: Link): CniError {
  const master = findLink(host, vtep.master ?? 0)?.name ?? `interface ${vtep.master}`
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `bridge: the VNI's VTEP ${vtep.name} is a port of ${master}, not of ${bridge.name}`,
    hint: `set "bridge": "${master}", or choose another vni`,
    see: seeLink(vtep.name),
  })
}
