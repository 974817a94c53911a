/** The other end on the host: found by a name that follows from the attachment, or by the configured one with its alias. */

import type { Life } from '../../../shared/attachment/device.ts'
import { existsAlready, findMade } from '../../../shared/attachment/made.ts'
import { undoable } from '../../../shared/attachment/undo.ts'
import { CniError, Code } from '../../../shared/cni/error.ts'
import { attachmentAlias, attachmentKey, hashedName } from '../../../shared/cni/identity.ts'
import type { Request } from '../../../shared/cni/plugin.ts'
import { isErrno } from '../../../shared/kernel/errno.ts'
import { seeLink } from '../../../shared/netlink/command.ts'
import { changeLink, findLink, type Link, removeIfThere } from '../../../shared/netlink/link.ts'
import { newPair } from '../../../shared/netlink/pair.ts'
import { ask, type Socket } from '../../../shared/netlink/socket.ts'
import type { VxcanConfig } from './config.ts'

/** What the host's end is called from its birth until it has its alias, and for good where no name is configured. */
function birthName(request: Request): string {
  return hashedName('vxcn', attachmentKey(request))
}

/** Makes the pair: the container's end in its namespace, the host's up. @returns the host's */
export function makeEnds(life: Life<VxcanConfig>): Link {
  const { host, inside, container, request, undo } = life
  const { ifname, config } = request
  const { mtu, txQueueLen: txqlen, hostIfname } = config
  const name = birthName(request)
  const settings = { mtu: mtu || undefined, txqlen }
  try {
    undoable(
      undo,
      () => ask(host, newPair('vxcan', { name }, { name: ifname, netns: container })),
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

/** DEL, and the way back of ADD. What has the configured name, but not the attachment's alias, is somebody else's. */
export function removeHostEnd(host: Socket, request: Request<VxcanConfig>): void {
  const { hostIfname } = request.config
  const alias = attachmentAlias(request)
  const born = findLink(host, birthName(request))
  const named = hostIfname ? findLink(host, hostIfname) : undefined
  const own =
    born && (!born.alias || born.alias === alias) ? born : named?.alias === alias ? named : undefined
  if (own) removeIfThere(host, own)
}
