/** The host's end: found by a name that is derived from the attachment, or by the configured name and the attachment's alias. */

import type { Life } from '../../../shared/attachment/device.ts'
import { existsAlready, findMade } from '../../../shared/attachment/made.ts'
import { hostSocket } from '../../../shared/attachment/sides.ts'
import { undoable } from '../../../shared/attachment/undo.ts'
import { attachmentAlias, attachmentKey, hashedName } from '../../../shared/cni/identity.ts'
import type { Request } from '../../../shared/cni/plugin.ts'
import { CniError, Code } from '../../../shared/error/error.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { seeLink } from '../../../shared/netlink/command.ts'
import { changeLink, findLink, type Link, listLinks, removeIfThere } from '../../../shared/netlink/link.ts'
import { newPair } from '../../../shared/netlink/pair.ts'
import { ask, type Socket } from '../../../shared/netlink/socket.ts'
import type { VxcanConfig } from './config.ts'

const kind = 'vxcan'

/** The name of the host's end until it has its alias; without hostIfname also its final name. */
function temporaryName(request: Request): string {
  return hashedName('vxcn', attachmentKey(request))
}

/** Makes the pair: the container's end in its namespace, the host's up. @returns the host's */
export function makeEnds(life: Life<VxcanConfig>): Link {
  const { host, inside, container, request, undo } = life
  const { ifname, config } = request
  const { mtu, txQueueLen: txqlen, hostIfname } = config
  const name = temporaryName(request)
  const settings = { mtu: mtu || undefined, txqlen }
  try {
    undoable(
      undo,
      () => ask(host, newPair(kind, { name }, { name: ifname, netns: container })),
      () => removeHostEnd(host, request),
    )
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? existsAlready(name) : error
  }
  ask(inside, changeLink({ name: ifname }, settings))
  ask(host, changeLink({ name }, { ...settings, alias: attachmentAlias(request) }))
  return bringUp(host, name, hostIfname)
}

function bringUp(host: Socket, name: string, final = name): Link {
  const end = findMade(host, name)
  try {
    ask(host, changeLink(end, { name: final, up: true }))
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? nameTaken(final) : error
  }
  return { ...end, name: final, up: true }
}

function nameTaken(name: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `hostIfname: the host has an interface ${name} already: choose another`,
    hint: 'choose another name; with hostIfname a network serves one container only',
    see: seeLink(name),
    errno: 'EEXIST',
  })
}

/**
 * DEL, and undo of ADD. Under another name than the attachment's, which the configuration gave it, its alias tells that it is ours. Without one,
 * where that is too long, DEL of the container's end removes both.
 */
export function removeHostEnd(host: Socket, request: Request): void {
  const alias = attachmentAlias(request)
  const named = findLink(host, temporaryName(request))
  const own =
    named?.kind === kind && (!named.alias || named.alias === alias)
      ? named
      : listLinks(hostSocket(), kind).find((link) => link.alias && link.alias === alias)
  if (own) removeIfThere(host, own)
}
