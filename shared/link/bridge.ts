/**
 * A bridge of the host, for bridge and vxlan. ADD finds or makes it and adds its port in one step, under the bridge's lock
 * (withLinkLock). So under that lock a bridge without ports is unused, and can be deleted.
 */

import { findMade } from '../attachment/made.ts'
import { ignoreAdvertisements } from '../attachment/sysctl.ts'
import { type Undo, undoable } from '../attachment/undo.ts'
import { CniError, Code } from '../error/error.ts'
import type { Log } from '../error/log.ts'
import { formatMac } from '../ip/mac.ts'
import { isErrno } from '../kernel/errno.ts'
import { readFile, readValueIfAny } from '../kernel/files.ts'
import { readSysctl, writeSysctl } from '../kernel/sysctl.ts'
import { type BridgeOptions, newBridge } from '../netlink/bridge.ts'
import { seeLink } from '../netlink/command.ts'
import { changeLink, findLink, type Link, listPorts, removeIfThere } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'
import { withLinkLock } from '../state/lock.ts'
import { makeMarked } from './marked.ts'

/** A bridge to be made. */
export interface BridgeSpec {
  name: string
  /** Default: a random one. Without one the kernel takes the lowest of the ports' addresses, and changes it with the ports. */
  mac?: string
  mtu?: number
  options?: BridgeOptions
  /** The mark by which its owner finds it later. */
  alias?: string
}

/**
 * Makes a bridge, or finds one that another tool made at the same time. The caller holds its lock.
 * @throws KernelError when the kernel refuses it
 */
export function makeBridge(host: Socket, { name, mtu, alias, ...spec }: BridgeSpec, undo: Undo): Link {
  const { mac = randomMac(), options = {} } = spec
  const make = () =>
    undoable(
      undo,
      () => ask(host, newBridge(name, { mac, mtu }, options)),
      () => withLinkLock(name, () => removeUnusedBridge(host, name)),
    )
  try {
    if (alias) makeMarked(host, { name, alias, undo }, make)
    else make()
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  }
  return findMade(host, name)
}

/** Locally administered and unicast (IEEE 802, section 8.2). */
function randomMac(): string {
  const uuid = Buffer.from(readFile('/proc/sys/kernel/random/uuid').trim().replaceAll('-', ''), 'hex')
  const bytes = uuid.subarray(10, 16)
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 2
  return formatMac(bytes)
}

/** NET_ADDR_SET, include/uapi/linux/netdevice.h. */
const SET = '3'

/**
 * Keeps a bridge's MAC address as it is. Unless it was set, it is the lowest of the ports' addresses, and changes when ports come and
 * go (br_stp_recalculate_bridge_id): containers would lose their gateway for seconds. Setting it flushes neighbours: not twice.
 */
export function pinAddress(host: Socket, { name, mac }: Link): void {
  const assigned = readValueIfAny(`/sys/class/net/${name}/addr_assign_type`)
  if (assigned !== SET) ask(host, changeLink({ name }, { mac }))
}

/** Whether a bridge's MAC address is that of a port, which it follows. */
export function followsPort(host: Socket, bridge: Link): boolean {
  return listPorts(host, bridge).some(({ mac }) => mac === bridge.mac)
}

/** Deletes a bridge unless it has a port. The caller holds its lock. */
export function removeUnusedBridge(host: Socket, name: string): void {
  const bridge = findLink(host, name)
  if (bridge && listPorts(host, bridge).length === 0) removeIfThere(host, bridge)
}

/** `ignoreAdvertisements` of a bridge. @returns the inverse; undefined when it ignored them already */
export function refuseAdvertisements({ name }: Pick<Link, 'name'>, log: Log): (() => void) | undefined {
  const before = readSysctl('ipv6', 'conf', name, 'accept_ra') ?? '0'
  if (before === '0') return undefined
  ignoreAdvertisements(log, name)
  return () => writeSysctl(before, 'ipv6', 'conf', name, 'accept_ra')
}

/** @throws CniError for a link of another kind, in the reference's words */
export function requireBridge({ name, kind }: Link): void {
  if (kind === 'bridge') return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `"${name}" already exists but is not a bridge`,
    hint: `it is ${kind ? `of kind ${kind}` : 'a network card'}: name another bridge`,
    see: seeLink(name),
  })
}
