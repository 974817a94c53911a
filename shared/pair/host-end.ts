/**
 * The host's end of a container's veth pair. Its name and alias are derived from the attachment, so DEL and GC find it
 * without the namespace and without prevResult.
 */

import { broken, isDown, noSuch, wrongMtu } from '../attachment/broken.ts'
import type { Life, Trace } from '../attachment/device.ts'
import { type MacConfig, requestedMac } from '../attachment/mac.ts'
import { existsAlready, whileMadeNow } from '../attachment/made.ts'
import { hostSocket, openSidesIfAny, type Sides } from '../attachment/sides.ts'
import { type Undo, undoable } from '../attachment/undo.ts'
import { attachmentAlias, hostIfname, parseAlias } from '../cni/identity.ts'
import type { Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import { isErrno } from '../kernel/errno.ts'
import {
  findLink,
  type Link,
  type LinkSettings,
  listAliased,
  removeIfThere,
  setAlias,
} from '../netlink/link.ts'
import { newPair, type PairKind } from '../netlink/pair.ts'
import { ask, type Request as NetlinkRequest, type Socket } from '../netlink/socket.ts'
import { isSameInterface } from '../state/former.ts'
import { amongValid } from '../state/valid.ts'

/** The settings of both ends of a pair: the keys of link/keys.ts. */
export interface PairConfig {
  mtu: number
  txQueueLen?: number
}

/**
 * Makes the pair, with the container's end down and under its final name in its namespace.
 * @param settings of the host's end alone: its master, whether it is up
 * @returns the host's end
 */
export function makePair(
  { host, container, request, undo }: Life<MacConfig>,
  { mtu, txQueueLen }: PairConfig,
  settings: LinkSettings = {},
): Link {
  const name = hostIfname(request)
  const both = { mtu: mtu || undefined, txqlen: txQueueLen }
  const veth = newPair(
    'veth',
    { ...settings, ...both, name },
    { ...both, name: request.ifname, mac: requestedMac(request), netns: container },
  )
  createOnce(host, name, veth, undo)
  return whileMadeNow(host, name, () => setAlias(host, name, attachmentAlias(request)))
}

function createOnce(host: Socket, name: string, veth: NetlinkRequest, undo: Undo): void {
  try {
    undoable(
      undo,
      () => ask(host, veth),
      () => removeIfThere(host, { name }),
    )
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? existsAlready(name) : error
  }
}

/** CHECK: the kernel has the host's end as the peer of the container's interface, up and as configured. @throws CniError */
export function checkHostEnd(
  { host, inside }: Sides,
  { ifname, config: { mtu } }: Request<PairConfig>,
  { interfaces }: Result,
  kind: PairKind = 'veth',
): Link {
  const link = findLink(inside, ifname)
  if (link?.kind !== kind) throw noSuch(kind, ifname, inside)
  const names = interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => name)
  const end = link.parent ? findLink(host, link.parent) : undefined
  if (end?.kind !== kind || ![end.name, ...(end.altNames ?? [])].some((name) => names.includes(name))) {
    const msg = `none of the host's interfaces in prevResult is the other end of ${ifname}`
    throw broken(msg, { see: `ip -d link show type ${kind}` })
  }
  if (!end.up) throw isDown(end.name)
  if (mtu && end.mtu !== mtu) throw wrongMtu(end, mtu)
  return end
}

/** The host's end. Deleting the container's end removes both too. */
export const hostEnd: Trace = { remove: removeHostEnd, collect: collectHostEnds }

/** Deletes the pair by the host's end, unless another attachment's alias is on it: names are short hashes, and may collide. */
function removeHostEnd(request: Request): void {
  const host = hostSocket()
  const end = findLink(host, hostIfname(request)) ?? renamedEnd(host, request)
  if (!end || (end.alias && !isOf(request, end))) return
  removeIfThere(host, end)
}

/** The host's end of an ADD when the network had another name: the peer of the container's interface, by its alias. */
function renamedEnd(host: Socket, request: Request): Link | undefined {
  const sides = openSidesIfAny(request)
  const { parent } = (sides && findLink(sides.inside, request.ifname)) ?? {}
  const end = parent ? findLink(host, parent) : undefined
  // The index may be one of another namespace.
  return end && isOf(request, end) ? end : undefined
}

function isOf(request: Request, { alias }: Link): boolean {
  const owner = parseAlias(alias)
  return owner !== undefined && isSameInterface(owner, request)
}

/** Deletes the pairs of attachments of this network that are not valid any more. For GC. */
function collectHostEnds({ network, validAttachments }: Request): void {
  const host = hostSocket()
  const isValid = amongValid(validAttachments)
  for (const link of listAliased(host)) {
    const owner = parseAlias(link.alias)
    if (owner?.network !== network || isValid(owner)) continue
    removeIfThere(host, link)
  }
}
