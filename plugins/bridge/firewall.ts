/** The MAC check of a bridge's containers. Loaded only where a configuration asks for it. */

import type { Life } from '../../shared/attachment/device.ts'
import type { Attachment, Request } from '../../shared/cni/plugin.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { BridgeConfig } from './config.ts'

type Step = () => unknown

const firewall = () => import('../../shared/firewall/macspoofchk.ts')

/** Lets only the container's own MAC address in at its port. */
export async function addMacCheck(
  { request, undo }: Life<BridgeConfig>,
  port: Link,
  mac: string,
): Promise<void> {
  if (!request.config.macspoofchk) return
  undo(() => remove(request))
  await (await firewall()).addMacSpoofCheck(request, port.name, mac)
}

async function remove(attachment: Attachment): Promise<void> {
  await (await firewall()).removeMacSpoofCheck(attachment)
}

/** The steps of DEL. What the configuration asks for in whatever words is removed, even if ADD would refuse the words. */
export function macCheckRemoval(request: Request): Step[] {
  return request.raw.macspoofchk ? [() => remove(request)] : []
}

/** @throws CniError naming what is missing */
export async function checkMacCheck(request: Request<BridgeConfig>, port: Link, mac: string): Promise<void> {
  if (request.config.macspoofchk) await (await firewall()).checkMacSpoofCheck(request, port.name, mac)
}

/** The steps of GC. */
export function macCheckCollection({ network, validAttachments, raw }: Request): Step[] {
  return raw.macspoofchk
    ? [async () => (await firewall()).collectMacSpoofCheck(network, validAttachments)]
    : []
}
