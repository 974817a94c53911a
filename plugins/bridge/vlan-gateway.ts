/** The gateway of a VLAN: a veth pair of the host, one end named `BRIDGE.VLAN`, the other a port of the bridge in that VLAN. */

import { findMade } from '../../shared/attachment/made.ts'
import { ignoreAdvertisements } from '../../shared/attachment/sysctl.ts'
import { type Undo, undoable } from '../../shared/attachment/undo.ts'
import { hashedName } from '../../shared/cni/identity.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { currentNamespace } from '../../shared/kernel/namespace.ts'
import { newPortVlan, removePortVlan } from '../../shared/netlink/bridge.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link, removeIfThere } from '../../shared/netlink/link.ts'
import { newPair } from '../../shared/netlink/pair.ts'
import { ask, type Socket, transact } from '../../shared/netlink/socket.ts'

/** Finds or makes the pair. The caller holds the bridge's lock. @returns the end for the gateway's addresses */
export function ensureVlanGateway(
  { host, undo, log }: { host: Socket; undo: Undo; log: Log },
  bridge: Link,
  vlan: number,
): Link {
  const name = gatewayName(bridge.name, vlan)
  const portName = vlanPortName(bridge, vlan)
  const found = findGateway(host, bridge, name, portName)
  if (found) return found
  const netns = currentNamespace()
  undoable(
    undo,
    () => ask(host, newPair('veth', { name: portName, master: bridge, up: true }, { name, netns })),
    () => removeIfThere(host, { name }),
  )
  const [end, other] = [findMade(host, name), findMade(host, portName)]
  ignoreAdvertisements(log, name)
  const native = { first: vlan, last: vlan, pvid: true, untagged: true }
  const requests = [newPortVlan(other, native), changeLink(end, { up: true })]
  transact(
    host,
    vlan === 1 ? requests : [...requests, removePortVlan(other, { ...native, first: 1, last: 1 })],
  )
  return { ...end, up: true }
}

/** Finds an existing gateway. Removes one whose bridge was deleted. @throws CniError when the name belongs to another interface */
function findGateway(host: Socket, bridge: Link, name: string, portName: string): Link | undefined {
  const found = findLink(host, name)
  if (!found) return undefined
  const port = findLink(host, portName)
  const isPair = port !== undefined && port.index === found.parent
  if (isPair && !port.master) return void removeIfThere(host, { name })
  if ((isPair && port.master === bridge.index) || leadsTo(host, found, bridge)) return found
  throw elsewhere(found, bridge)
}

/** Whether an interface is a VLAN device on the bridge, or the end of a pair that the reference made. */
function leadsTo(host: Socket, { parent }: Link, bridge: Link): boolean {
  if (parent === undefined) return false
  return parent === bridge.index || findLink(host, parent)?.master === bridge.index
}

/** Two long bridge names may be cut to the same name, and operators use such names too. */
function elsewhere({ name }: Link, bridge: Link): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `vlan: the gateway would be named ${name}, which exists and does not lead to bridge ${bridge.name}: rename one`,
    hint: `give the bridge another name, at most 10 characters long, or remove the interface: ip link delete ${name}`,
    see: seeLink(name),
    errno: 'EEXIST',
  })
}

/** `BRIDGE.VLAN`, as in the reference; the bridge's part is cut to fit 15 characters. */
export function gatewayName(bridge: string, vlan: number): string {
  const suffix = `.${vlan}`
  return bridge.slice(0, 15 - suffix.length) + suffix
}

/** The name of the end that is the bridge's port. */
function vlanPortName(bridge: Link, vlan: number): string {
  return hashedName('vlan', gatewayName(bridge.name, vlan))
}
