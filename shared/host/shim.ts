/** The shim: the host's own macvlan or ipvlan on the parent, beside those of the containers. One for each network and parent. */

import { broken, isDown } from '../attachment/broken.ts'
import type { Life } from '../attachment/device.ts'
import { derivedMac } from '../attachment/mac.ts'
import { ignoreAdvertisements, preferSysctl, requireSysctl } from '../attachment/sysctl.ts'
import { undoable } from '../attachment/undo.ts'
import { hashedName } from '../cni/identity.ts'
import type { Request } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import type { Log } from '../error/log.ts'
import { type Address, formatAddress } from '../ip/address.ts'
import { sitsOn } from '../link/parent.ts'
import { releaseLinks, shareLink } from '../link/shared-link.ts'
import { seeLink } from '../netlink/command.ts'
import { changeLink, findLink, type Link, type LinkName, type LinkSpec, newLink } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'

/** The kind of the shim, which is that of the containers' interfaces. */
export interface ShimKind extends Pick<LinkSpec, 'kind' | 'data' | 'words'> {
  /** Whether its MAC address differs from the parent's. */
  ownMac: boolean
  /** Whether the kind has neighbour entries: one without ARP has none. */
  neighbours: boolean
}

const prefix = 'shim'

/** Whether a link has the name of a shim. */
export function isShim({ name }: LinkName): boolean {
  return name.startsWith(prefix)
}

function shimName({ kind }: ShimKind, parent: LinkName, network: string): string {
  return hashedName(prefix, `${kind}/${parent.name}/${network}`)
}

/** Finds or makes the shim, up and without addresses, and claims it with the container's addresses as notes. */
export function shareShim(
  { host, request, undo }: Pick<Life<unknown>, 'host' | 'request' | 'undo'>,
  parent: Link,
  kind: ShimKind,
  addresses: Address[],
): Link {
  const name = shimName(kind, parent, request.network)
  const make = () => makeShim(host, name, parent, kind, request.log)
  const validate = (found: Link) => requireShim(found, parent, kind)
  const share = () => shareLink(host, request, { name, make, validate }, addresses.map(formatAddress))
  return undoable(undo, share, () => releaseLinks(host, request))
}

/** The MAC address is derived from the parent's too, because the shims of several hosts may be on one LAN. */
function makeShim(
  host: Socket,
  name: string,
  parent: Link,
  { kind, data, words, ownMac }: ShimKind,
  log: Log,
): void {
  const mac = ownMac ? derivedMac(`${name}/${parent.mac}`) : undefined
  ask(host, newLink({ name, kind, data, words, mac, parent }))
  setSysctls(name, log)
  ask(host, changeLink({ name }, { up: true }))
}

/**
 * The shim is for traffic with containers only: it gets no link-local address and ignores router advertisements. It
 * receives the LAN's broadcasts too, and must not answer ARP for the host's addresses on other interfaces (ARP flux).
 */
function setSysctls(name: string, log: Log): void {
  requireSysctl('8', 'ipv4', 'conf', name, 'arp_ignore')
  preferSysctl(log, 'it has a link-local address on the LAN', '1', 'ipv6', 'conf', name, 'addr_gen_mode')
  ignoreAdvertisements(log, name)
  requireSysctl('0', 'ipv6', 'conf', name, 'disable_ipv6')
}

function requireShim(shim: Link, parent: Link, { kind }: ShimKind): void {
  const { name, up } = shim
  const fits = shim.kind === kind && sitsOn(shim, parent, false)
  if (fits && up) return
  throw new CniError(Code.Internal, {
    msg: `hostAccess: ${name}, the host's own interface beside the containers', is ${fits ? 'down' : `no ${kind} on ${parent.name}`}`,
    hint: fits ? `set it up: ip link set dev ${name} up` : `delete it: ip link del dev ${name}`,
    see: seeLink(name),
  })
}

/** CHECK: the shim is there and up. @throws CniError */
export function checkShim(host: Socket, request: Request, parent: Link, kind: ShimKind): Link {
  const name = shimName(kind, parent, request.network)
  const shim = findLink(host, name)
  if (!shim)
    throw broken(`the host has no ${name} any more, its own interface beside the containers'`, {
      see: seeLink(name),
    })
  if (shim.kind !== kind.kind || !sitsOn(shim, parent, false))
    throw broken(`${name} is no ${kind.kind} on ${parent.name}`, { see: seeLink(name) })
  if (!shim.up) throw isDown(name)
  return shim
}
