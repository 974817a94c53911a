/** `macspoofchk` in the life of an attachment. The firewall's code is loaded only if the configuration sets it, or ADD's did. */

import type { Life } from '../../shared/attachment/device.ts'
import { findMade } from '../../shared/attachment/made.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { firewallTrace } from '../../shared/host/firewall-trace.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { BridgeConfig } from './config.ts'

const firewall = () => import('../../shared/firewall/macspoofchk.ts')

/** The container's MAC address in the firewall. */
export const macCheck = firewallTrace({
  key: 'macspoofchk',
  load: async () => {
    const { removeMacSpoofCheck, collectMacSpoofCheck } = await firewall()
    return { remove: removeMacSpoofCheck, collect: collectMacSpoofCheck }
  },
})

/** Drops frames from the container's port with another source MAC address than the container's. */
export async function addMacCheck(life: Life<BridgeConfig>, port: Link): Promise<void> {
  const { inside, request } = life
  const own = findMade(inside, request.ifname)
  macCheck.begin(life)
  await (await firewall()).addMacSpoofCheck(request, port.name, own.mac)
}

/** @throws CniError naming what is missing */
export async function checkMacCheck(request: Request<BridgeConfig>, port: Link, mac: string): Promise<void> {
  if (request.config.macspoofchk) await (await firewall()).checkMacSpoofCheck(request, port.name, mac)
}
