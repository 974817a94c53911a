/** `macspoofchk` in the life of an attachment. The firewall's code is loaded only if the configuration sets it. */

import type { Life, Trace } from '../../shared/attachment/device.ts'
import { findMade } from '../../shared/attachment/made.ts'
import type { Attachment, Request } from '../../shared/cni/plugin.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { BridgeConfig } from './config.ts'

const firewall = () => import('../../shared/firewall/macspoofchk.ts')

/** Drops frames from the container's port with another source MAC address than the container's. */
export async function addMacCheck({ inside, request, undo }: Life<BridgeConfig>, port: Link): Promise<void> {
  const own = findMade(inside, request.ifname)
  undo(() => remove(request))
  await (await firewall()).addMacSpoofCheck(request, port.name, own.mac)
}

async function remove(attachment: Attachment): Promise<void> {
  await (await firewall()).removeMacSpoofCheck(attachment)
}

/** The container's MAC address in the firewall. Removed if `macspoofchk` has any value but false, also an invalid one. */
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
