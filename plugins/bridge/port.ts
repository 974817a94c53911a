/** The veth pair of one container: born in one message, the host's end already a port of the bridge. */

import { CniError, Code } from '../../shared/cni/error.ts'
import type { Life } from '../../shared/device/device.ts'
import { requestedMac } from '../../shared/device/mac.ts'
import { attachmentAlias, hostIfname } from '../../shared/device/names.ts'
import { type Undo, undoable } from '../../shared/device/undo.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import {
  changeBridgePort,
  listPortVlans,
  newPortVlan,
  type PortVlan,
  removePortVlan,
} from '../../shared/netlink/bridge.ts'
import { Group, waitFor } from '../../shared/netlink/events.ts'
import {
  changeLink,
  findLink,
  type Link,
  parseLink,
  removeLink,
  showLink,
} from '../../shared/netlink/link.ts'
import { ask, type Request as NetlinkRequest, type Socket, transact } from '../../shared/netlink/socket.ts'
import { newVeth } from '../../shared/netlink/veth.ts'
import { wantsVlans } from './bridge.ts'
import type { BridgeConfig, VlanRange } from './config.ts'

/** Makes the pair; the container's end has its final name and is down. The caller holds the bridge's lock. */
export function connectPort(life: Life<BridgeConfig>, bridge: Link): Link {
  const { host, container, request, undo } = life
  const name = hostIfname(request)
  const { mtu, txQueueLen } = request.config
  const both = { mtu: mtu || undefined, txqlen: txQueueLen }
  const veth = newVeth(
    { ...both, name, master: bridge.index, up: true },
    { ...both, name: request.ifname, mac: requestedMac(request), netns: container.fd },
  )
  createOnce(host, name, veth, undo)
  const port = labelled(host, name, attachmentAlias(request))
  const requests = portRequests(host, port, request.config)
  if (requests.length > 0) transact(host, requests)
  return port
}

function createOnce(host: Socket, name: string, veth: NetlinkRequest, undo: Undo): void {
  try {
    undoable(
      undo,
      () => ask(host, veth),
      () => ask(host, removeLink({ name })),
    )
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? existsAlready(name) : error
  }
}

function existsAlready(name: string): CniError {
  return new CniError(Code.Internal, {
    msg: `this attachment exists already: the host has its interface ${name}`,
    hint: 'an earlier ADD was not followed by DEL: run DEL first',
    command: `ip -d link show dev ${name}`,
    kernel: 'EEXIST',
  })
}

/** Labels the host's end, which the kernel does not do at its birth, and reads it back. */
function labelled(host: Socket, name: string, alias?: string): Link {
  const replies = transact(host, [changeLink({ name }, { alias }), showLink(name)])
  return parseLink(replies.at(-1) ?? [])
}

/** What the bridge is to keep about the port beyond its defaults. */
function portRequests(host: Socket, port: Link, config: BridgeConfig): NetlinkRequest[] {
  const { hairpinMode, portIsolation } = config
  const requests: NetlinkRequest[] = []
  if (hairpinMode || portIsolation) {
    requests.push(changeBridgePort(port, { hairpin: hairpinMode, isolated: portIsolation }))
  }
  return wantsVlans(config) ? [...requests, ...vlanRequests(host, port, config)] : requests
}

/** The VLANs that come are added before those that leave, so that the port is never without. */
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

/** The VLANs of a port: the trunk's tagged ones, then the one that untagged frames belong to, which so wins over the trunk. */
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

/** Whether a port carries a VLAN of the configuration, in the way that it says. */
export function carries(actual: PortVlan[], { first, last, pvid, untagged }: PortVlan): boolean {
  for (let id = first; id <= last; id++) {
    const has = actual.find((vlan) => vlan.first <= id && id <= vlan.last)
    if (!has || (pvid && !(has.pvid && has.untagged)) || (untagged && !has.untagged)) return false
  }
  return true
}

/** How long the port may take to forward after both ends are up. */
const PORT_MILLISECONDS = 2500

/** Waits until the port forwards, on the kernel's notifications: only then an announcement gets through. */
export function waitForPort(host: Socket, port: Link): void {
  const running = () => (findLink(host, port.name)?.running ? true : undefined)
  if (waitFor(Group.LINK, PORT_MILLISECONDS, running)) return
  throw new CniError(Code.Internal, {
    msg: `bridge port ${port.name} did not come up within ${PORT_MILLISECONDS} ms`,
    hint: `see what keeps it down: ip -d link show dev ${port.name}`,
  })
}
