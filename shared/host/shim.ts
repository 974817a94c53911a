/** The shim: the host's own interface among those of its containers on a parent. One for each network and parent. */

import { broken, isDown } from '../attachment/broken.ts'
import type { Life } from '../attachment/device.ts'
import { derivedMac } from '../attachment/mac.ts'
import { undoable } from '../attachment/undo.ts'
import { CniError, Code } from '../cni/error.ts'
import { hashedName } from '../cni/identity.ts'
import type { Request } from '../cni/plugin.ts'
import { type Address, formatAddress } from '../ip/address.ts'
import { writeSysctl } from '../kernel/sysctl.ts'
import { sitsOn } from '../link/parent.ts'
import { releaseLinks, shareLink } from '../link/shared-link.ts'
import { seeLink } from '../netlink/command.ts'
import { changeLink, findLink, type Link, type LinkName, type LinkSpec, newLink } from '../netlink/link.ts'
import { ask, type Socket } from '../netlink/socket.ts'

/** What the shim is: of the containers' kind. */
export interface ShimKind extends Pick<LinkSpec, 'kind' | 'data' | 'words'> {
  /** Whether it has a MAC address of its own, other than the parent's. */
  ownMac: boolean
  /** Whether neighbours are known by MAC addresses: not where the kind does without ARP. */
  neighbours: boolean
}

function shimName({ kind }: ShimKind, parent: LinkName, network: string): string {
  return hashedName('shim', `${kind}/${parent.name}/${network}`)
}

/** The shim, made by the first container, up and without addresses; claimed with the container's addresses. */
export function shareShim(
  { host, request, undo }: Pick<Life<unknown>, 'host' | 'request' | 'undo'>,
  parent: Link,
  kind: ShimKind,
  addresses: Address[],
): Link {
  const name = shimName(kind, parent, request.network)
  const make = () => makeShim(host, name, parent, kind)
  const judge = (found: Link) => judgeShim(found, parent, kind)
  const share = () => shareLink(host, request, { name, make, judge }, addresses.map(formatAddress))
  return undoable(undo, share, () => releaseLinks(host, request))
}

/** The MAC address follows from the parent's too: the shims of several hosts meet on one LAN. */
function makeShim(host: Socket, name: string, parent: Link, { kind, data, words, ownMac }: ShimKind): void {
  const mac = ownMac ? derivedMac(`${name}/${parent.mac}`) : undefined
  ask(host, newLink({ name, kind, data, words, mac, parent }))
  quieten(name)
  ask(host, changeLink({ name }, { up: true }))
}

/**
 * The shim speaks to containers only: without addresses of its own, not even a link-local one, and deaf to routers. It
 * hears the LAN's broadcasts too, and must not answer for the host's addresses, which are on another interface (ARP flux).
 */
function quieten(name: string): void {
  writeSysctl('8', 'ipv4', 'conf', name, 'arp_ignore')
  writeSysctl('1', 'ipv6', 'conf', name, 'addr_gen_mode')
  writeSysctl('0', 'ipv6', 'conf', name, 'accept_ra')
  writeSysctl('0', 'ipv6', 'conf', name, 'disable_ipv6')
}

function judgeShim(shim: Link, parent: Link, { kind }: ShimKind): void {
  const { name, up } = shim
  const fits = shim.kind === kind && sitsOn(shim, parent, false)
  if (fits && up) return
  throw new CniError(Code.Internal, {
    msg: `hostAccess: ${name}, the host's own interface among the containers', is ${fits ? 'down' : `no ${kind} on ${parent.name}`}`,
    hint: fits ? `set it up: ip link set dev ${name} up` : `delete it: ip link del dev ${name}`,
    see: seeLink(name),
  })
}

/** CHECK: the shim is there and up. @throws CniError */
export function checkShim(host: Socket, request: Request, parent: Link, kind: ShimKind): Link {
  const name = shimName(kind, parent, request.network)
  const shim = findLink(host, name)
  if (!shim)
    throw broken(`the host has no ${name} any more, its own interface among the containers'`, {
      see: seeLink(name),
    })
  if (shim.kind !== kind.kind || !sitsOn(shim, parent, false))
    throw broken(`${name} is no ${kind.kind} on ${parent.name}`, { see: seeLink(name) })
  if (!shim.up) throw isDown(name)
  return shim
}
