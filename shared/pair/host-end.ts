/**
 * The host's end of a container's veth pair. Its name and its alias follow from the attachment, so DEL and GC find it
 * without the namespace and without prevResult.
 */

import { broken, isDown, noSuch, wrongMtu } from '../attachment/broken.ts'
import type { Life, Trace } from '../attachment/device.ts'
import { type MacConfig, requestedMac } from '../attachment/mac.ts'
import { existsAlready } from '../attachment/made.ts'
import { hostSocket, type Sides } from '../attachment/sides.ts'
import { type Undo, undoable } from '../attachment/undo.ts'
import { isValid } from '../cni/attachments.ts'
import { attachmentAlias, hostIfname, parseAlias } from '../cni/identity.ts'
import type { Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import { isErrno } from '../kernel/errno.ts'
import {
  findLink,
  type Link,
  type LinkSettings,
  listLinks,
  removeIfThere,
  setAlias,
} from '../netlink/link.ts'
import { newPair, type PairKind } from '../netlink/pair.ts'
import { ask, type Request as NetlinkRequest, type Socket } from '../netlink/socket.ts'

/** What both ends of a pair have: the keys of link/keys.ts. */
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
  return setAlias(host, name, attachmentAlias(request))
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

/** CHECK: the host's end, by the kernel's word on who the container's peer is, up and as configured. @throws CniError */
export function checkHostEnd(
  { host, inside }: Sides,
  { ifname, config: { mtu } }: Request<PairConfig>,
  { interfaces }: Result,
  kind: PairKind = 'veth',
): Link {
  const link = findLink(inside, ifname)
  if (link?.kind !== kind) throw noSuch(kind, ifname, inside)
  const end = interfaces
    .filter(({ sandbox }) => !sandbox)
    .map(({ name }) => findLink(host, name))
    .find((other) => other?.kind === kind && other.index === link.parent)
  if (!end) {
    const msg = `none of the host's interfaces in prevResult is the other end of ${ifname}`
    throw broken(msg, { see: `ip -d link show type ${kind}` })
  }
  if (!end.up) throw isDown(end.name)
  if (mtu && end.mtu !== mtu) throw wrongMtu(end, mtu)
  return end
}

/** The host's end. In the container's namespace the pair goes with its other end. */
export const hostEnd: Trace = { remove: removeHostEnd, collect: collectHostEnds }

/** Removes the pair by its host's end. The name is a hash: what carries another attachment's alias is left alone. */
function removeHostEnd(request: Request): void {
  const host = hostSocket()
  const end = findLink(host, hostIfname(request))
  if (!end || (end.alias && end.alias !== attachmentAlias(request))) return
  removeIfThere(host, end)
}

/** Removes the pairs of attachments of this network that are not valid any more. */
function collectHostEnds({ network, validAttachments }: Request): void {
  const host = hostSocket()
  for (const link of listLinks(host)) {
    const owner = parseAlias(link.alias)
    if (owner?.network !== network || isValid(validAttachments, owner)) continue
    removeIfThere(host, link)
  }
}
