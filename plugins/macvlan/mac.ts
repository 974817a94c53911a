/** The container's MAC address: requested, configured, or derived from the attachment; and the error when another interface has it. */

import { attachmentMac, type MacConfig, requestedMac } from '../../shared/attachment/mac.ts'
import { openSides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { CniError, Code, factsOf } from '../../shared/error/error.ts'
import { formatMac, parseMac } from '../../shared/ip/mac.ts'
import { isErrno, type KernelError } from '../../shared/kernel/errno.ts'
import { withMasterIfAny } from '../../shared/link/chain.ts'
import { findParent, parentSide } from '../../shared/link/parent.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { Socket } from '../../shared/netlink/socket.ts'
import type { MacvlanConfig } from './keys.ts'

/** The MAC address that the runtime requests, or else the configured one. @throws CniError when the request is no MAC address */
export function chosenMac(request: Request<MacConfig & { mac?: string }>): string | undefined {
  return requestedMac(request) ?? request.config.mac
}

/** The MAC address that the interface is created with; in mode passthru it has its parent's. */
export function ownMac(request: Request<MacvlanConfig>): string | undefined {
  if (request.config.mode === 'passthru') return undefined
  return chosenMac(request) ?? attachmentMac(request)
}

/**
 * Explains the error for a MAC address that is in use on the parent. The kernel says EADDRINUSE (older kernels: EBUSY) when the
 * interface is set up, not when it is created. @returns the error to throw
 */
export async function explainMac(error: unknown, request: Request<MacvlanConfig>): Promise<unknown> {
  const mac = ownMac(request)
  return mac && isErrno(error, 'EADDRINUSE', 'EBUSY') ? taken(request, mac, error) : error
}

async function taken(request: Request<MacvlanConfig>, mac: string, cause: KernelError): Promise<CniError> {
  const sides = openSides(request)
  const side = parentSide(sides, request.config)
  const parent = findParent(side, withMasterIfAny(request), request.log)
  const canonical = formatMac(parseMac(mac) ?? Buffer.alloc(6))
  const owner = await ownerOf(side, parent, canonical)
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `MAC address ${canonical} is already in use on ${parent.name}, by ${owner}: request another`,
    hint: 'a configuration with the key mac serves one container only',
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
