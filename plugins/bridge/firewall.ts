/** The MAC check of a bridge's containers. Loaded only where a configuration asks for it. */

import type { Life, Trace } from '../../shared/attachment/device.ts'
import { findMade } from '../../shared/attachment/made.ts'
import type { Attachment, Request } from '../../shared/cni/plugin.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { BridgeConfig } from './config.ts'

const firewall = () => import('../../shared/firewall/macspoofchk.ts')

/** Lets only the container's own MAC address in at its port. */
export async function addMacCheck({ inside, request, undo }: Life<BridgeConfig>, port: Link): Promise<void> {
  const own = findMade(inside, request.ifname)
  undo(() => remove(request))
  await (await firewall()).addMacSpoofCheck(request, port.name, own.mac)
}

async function remove(attachment: Attachment): Promise<void> {
  await (await firewall()).removeMacSpoofCheck(attachment)
}

/** The container's MAC address in the firewall. Whatever `macspoofchk` is set to, even to what ADD refuses, is removed. */
export const macCheck: Trace = {
  remove: (request) => request.raw.macspoofchk && remove(request),
  async collect({ network, validAttachments, raw }) {
    if (raw.macspoofchk) await (await firewall()).collectMacSpoofCheck(network, validAttachments)
  },
}

/** @throws CniError naming what is missing */
export async function checkMacCheck(request: Request<BridgeConfig>, port: Link, mac: string): Promise<void> {
  if (request.config.macspoofchk) await (await firewall()).checkMacSpoofCheck(request, port.name, mac)
}
