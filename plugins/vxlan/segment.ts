/**
 * A VNI's segment on this host: a VTEP, and the bridge that connects it with the containers. The first container makes it,
 * the last removes it: when the kernel lists no other port of the bridge.
 */

import type { Trace } from '../../shared/attachment/device.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import type { Undo } from '../../shared/attachment/undo.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { runAllNow } from '../../shared/error/steps.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import type { Settled } from '../../shared/kernel/lock.ts'
import {
  makeBridge,
  refuseAdvertisements,
  removeUnusedBridge,
  requireBridge,
} from '../../shared/link/bridge.ts'
import { forgetMark, hasMark, isMarked, makeMarked } from '../../shared/link/marked.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import {
  changeLink,
  findLink,
  hasOtherPort,
  type Link,
  listLinks,
  listPorts,
  removeIfThere,
} from '../../shared/netlink/link.ts'
import { ask, openSocket, Protocol, type Socket } from '../../shared/netlink/socket.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { hasServed } from '../../shared/store/peers.ts'
import { made } from './change.ts'
import type { VxlanConfig } from './config.ts'
import { vtepName } from './names.ts'
import { serve, stopServing } from './told.ts'
import type { Underlay } from './underlay.ts'
import { contentChanges, makeVtep, vtepChanges } from './vtep.ts'

/** The alias that marks a VTEP or bridge as made here: DEL removes only these. */
const alias = 'patchbay: vxlan'

export interface Segment {
  vtep: Link
  bridge: Link
}

/** The names that a configuration gives. In DEL keys may be missing, and so the names. */
export function namesOf({ vni, bridge }: Partial<VxlanConfig>): { bridge?: string; vtep?: string } {
  return {
    bridge: bridge ?? (vni === undefined ? undefined : `vxbr${vni}`),
    vtep: vni === undefined ? undefined : vtepName(vni),
  }
}

/** Holds the lock of a segment, which is its bridge's: making it and adding a port are one step for other processes. */
export function withSegmentLock<T>(config: VxlanConfig, action: () => Settled<T>): T {
  return withLinkLock(namesOf(config).bridge ?? '', action)
}

/** Finds or makes bridge and VTEP, configured and up. The caller holds the lock. @param mtu of new devices. @throws CniError */
export function ensureSegment(
  host: Socket,
  config: VxlanConfig,
  underlay: Underlay,
  { mtu, undo, log }: Making,
): Segment {
  const { bridge: bridgeName = '', vtep: name = '' } = namesOf(config)
  const found = findVtep(host, name)
  const bridge = ensureBridge(host, bridgeName, { mtu, undo, log })
  refuseOthers(host, bridge, name)
  if (!found) return { bridge, vtep: newVtep(host, bridge, { name, mtu, undo }, config, underlay) }
  if (found.master && found.master !== bridge.index) throw elsewhere(host, found, bridge)
  const changes = made(vtepChanges(host, found, config, underlay))
  for (const done of changes) log.info(`${name}: ${done}`)
  if (!found.master) ask(host, changeLink(found, { master: bridge }))
  if (config.peers || changes.length > 0) serve(config, underlay)
  return { bridge, vtep: found }
}

/** A VTEP that a killed DEL left is made anew: another DEL, which takes no lock of this bridge, may be deleting it. */
function findVtep(host: Socket, name: string): Link | undefined {
  const found = findLink(host, name)
  if (!found || !isAbandoned(found)) return found
  removeIfThere(host, found)
  return undefined
}

/** Whether a VTEP is as `releaseSegment` leaves it when it is killed: out of its bridge and down. Nothing uses it. */
function isAbandoned({ kind, alias: found, master, up }: Link): boolean {
  return kind === 'vxlan' && found === alias && !master && !up
}

/** What a new device gets, and where ADD registers and reports. */
interface Making {
  mtu: number
  undo: Undo
  log: Log
}

function ensureBridge(host: Socket, name: string, making: Making): Link {
  const bridge = findLink(host, name) ?? makeOwn(host, name, making)
  requireBridge(bridge)
  if (!bridge.up) ask(host, changeLink(bridge, { up: true }))
  return bridge
}

function makeOwn(host: Socket, name: string, { mtu, undo, log }: Making): Link {
  const bridge = makeBridge(host, { name, mtu, alias }, undo)
  if (isMarked(bridge, alias)) refuseAdvertisements(bridge, log)
  return bridge
}

/** Makes the VTEP and sets it up last, when it has its remotes. */
function newVtep(
  host: Socket,
  bridge: Link,
  { name, mtu, undo }: { name: string; mtu: number; undo: Undo },
  config: VxlanConfig,
  underlay: Underlay,
): Link {
  const isUsed = () => listPorts(host, bridge).some((port) => port.name !== name)
  const inverse = () => withLinkLock(bridge.name, () => isUsed() || removeNew(host, name, config))
  const step = { settings: { name, mtu, master: bridge }, undo, inverse }
  const vtep = makeMarked(host, { name, alias, undo }, () => makeVtep(host, config, underlay, step))
  made(contentChanges(host, vtep, config, underlay))
  ask(host, changeLink(vtep, { up: true }))
  if (config.peers) serve(config, underlay)
  return vtep
}

function removeNew(host: Socket, name: string, config: VxlanConfig): void {
  stopServing(name, config)
  removeIfThere(host, { name })
}

/** VTEP and bridge, which the DEL of the last container removes. */
export const ownSegment: Trace<VxlanConfig> = { remove: releaseSegments, collect: releaseSegments }

/**
 * Releases the configured segment, and those that the configuration named before: every other one without a container. All are
 * looked at before their locks are taken, which another network's ADD may hold. A VTEP without a bridge is found by itself.
 */
function releaseSegments({ config }: Request<Partial<VxlanConfig>>): void {
  const host = hostSocket()
  const configured = namesOf(config)
  const others = listLinks(host, 'bridge').filter(
    ({ name, alias: found }) => found === alias && name !== configured.bridge,
  )
  const vteps = listLinks(host, 'vxlan')
  const vtepOn = ({ index }: Link) => vteps.find((vtep) => vtep.master === index && isMarked(vtep, alias))
  const segments = [
    configured,
    ...others.map((bridge) => ({ bridge: bridge.name, vtep: vtepOn(bridge)?.name })),
  ]
  const unused = segments.filter((segment) => isLeftOver(host, segment, config))
  runAllNow([
    ...unused.map(
      (segment) => () => releaseSegment(host, segment, segment === configured ? config : undefined),
    ),
    ...vteps.filter(isAbandoned).map((vtep) => () => removeIfThere(host, vtep)),
  ])
}

/** Whether anything of a segment is there, and no container uses it. */
function isLeftOver(
  host: Socket,
  { bridge: name = '', vtep }: ReturnType<typeof namesOf>,
  { peers }: Partial<VxlanConfig>,
): boolean {
  const bridge = findLink(host, name)
  if (bridge) return !hasOtherPort(openSocket(Protocol.ROUTE), bridge, vtep)
  if (vtep && (findLink(host, vtep) || (peers && hasServed(vtep)))) return true
  return [name, vtep].some((made) => made && hasMark(made))
}

/**
 * Removes VTEP and bridge if they were made here and have no other port. The VTEP is down when the bridge goes, so that the kernel does not wait
 * for the bridge while it frees the VTEP.
 * @param config of a segment that is configured still
 */
function releaseSegment(
  host: Socket,
  names: ReturnType<typeof namesOf>,
  config?: Partial<VxlanConfig>,
): void {
  const { bridge: name } = names
  if (!name) return
  withLinkLock(name, () => {
    const bridge = findLink(host, name)
    if (bridge && hasOtherPort(openSocket(Protocol.ROUTE), bridge, names.vtep)) return
    if (names.vtep) stopServing(names.vtep, config)
    const vtep = ownVtep(host, names.vtep, bridge)
    if (vtep) tolerate(() => ask(host, changeLink(vtep, { up: false, master: null })), 'ENODEV')
    if (bridge && isMarked(bridge, alias)) removeUnusedBridge(host, name)
    if (vtep) removeIfThere(host, vtep)
    for (const made of [name, names.vtep]) if (made) forgetMark(made)
  })
}

/** A VTEP, unless it was not made here or is a port of another bridge. */
function ownVtep(host: Socket, name: string | undefined, bridge: Link | undefined): Link | undefined {
  const vtep = name ? findLink(host, name) : undefined
  const isPortElsewhere = vtep?.master && vtep.master !== bridge?.index
  return vtep && isMarked(vtep, alias) && !isPortElsewhere ? vtep : undefined
}

function refuseOthers(host: Socket, bridge: Link, vtep: string): void {
  const other = listPorts(host, bridge, 'vxlan').find(({ name }) => name !== vtep)
  if (!other) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `bridge: ${bridge.name} has VTEP ${other.name} as a port: the two VNIs would be one network, so use another bridge`,
    hint: 'give each VNI a bridge of its own, or leave bridge out',
    see: `ip -d link show master ${bridge.name}`,
  })
}

function elsewhere(host: Socket, vtep: Link, bridge: Link): CniError {
  const master = findLink(host, vtep.master ?? 0)?.name ?? `interface ${vtep.master}`
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `bridge: the VNI's VTEP ${vtep.name} is a port of ${master}, not of ${bridge.name}: set bridge to ${master}`,
    hint: `set "bridge": "${master}", or choose another vni`,
    see: seeLink(vtep.name),
  })
}
