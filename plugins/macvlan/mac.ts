/** The container's MAC address: chosen by somebody, or following from the attachment; and who has it when it is taken. */

import { attachmentMac, requestedMac } from '../../shared/attachment/mac.ts'
import { openSides } from '../../shared/attachment/sides.ts'
import { CniError, Code, factsOf } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { findParent, parentSide } from '../../shared/link/parent.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import type { MacvlanConfig } from './keys.ts'

/** The MAC address that somebody chose; the runtime's word counts before the configuration's. */
export function chosenMac(request: Request<MacvlanConfig>): string | undefined {
  return requestedMac(request) ?? request.config.mac
}

/** The MAC address that the interface is born with; in mode passthru it has its parent's. */
export function ownMac(request: Request<MacvlanConfig>): string | undefined {
  if (request.config.mode === 'passthru') return undefined
  return chosenMac(request) ?? attachmentMac(request)
}

/**
 * Explains that a MAC address is in use on the parent: the kernel says EADDRINUSE, an older one EBUSY, and only when the
 * interface comes up.
 */
export async function explainMac(error: unknown, request: Request<MacvlanConfig>): Promise<unknown> {
  const mac = ownMac(request)
  return mac && isErrno(error, 'EADDRINUSE', 'EBUSY') ? taken(request, mac, error) : error
}

async function taken(request: Request<MacvlanConfig>, mac: string, cause: KernelError): Promise<CniError> {
  const sides = openSides(request)
  const side = parentSide(sides, request.config)
  const parent = findParent(side, request.config, request.log)
  const canonical = formatMac(parseMac(mac) ?? Buffer.alloc(6))
  const owner = await ownerOf(side, parent, canonical)
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `the MAC address ${canonical} is in use on ${parent.name} already, by ${owner}: ask for another`,
    hint: 'ask for another one; a configuration with mac serves one container only',
    ...factsOf(cause),
  })
}

async function ownerOf(side: Socket, parent: Link, mac: string): Promise<string> {
  if (parent.mac === mac) return 'the parent itself'
  const { findOn } = await import('../../shared/link/busy.ts')
  const found = findOn(side, parent, (link) => link.mac === mac)
  if (!found) return 'another of its interfaces'
  return found.namespace ? `${found.link.name} in namespace ${found.namespace}` : found.link.name
}
