/** `macspoofchk` in the life of an attachment. The firewall's code is loaded only if the configuration sets it, or ADD's did. */

import type { Life } from '../../shared/attachment/device.ts'
import { findMade } from '../../shared/attachment/made.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
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
  const { addMacSpoofCheck, macSpoofCheckNote } = await firewall()
  macCheck.begin(life, macSpoofCheckNote(port.name, own.mac))
  await addMacSpoofCheck(request, port.name, own.mac)
}

/**
 * A later plugin of the list may change the MAC address, and says so in the result: the firewall still allows the former one alone.
 * @param mac the container's MAC address now
 * @throws CniError naming what is missing
 */
export async function checkMacCheck(
  request: Request<BridgeConfig>,
  port: Link,
  mac: string,
  { interfaces }: Result,
): Promise<void> {
  const { ifname, log } = request
  const { allowedMac, checkMacSpoofCheck } = await firewall()
  const isInResult = interfaces.some((one) => one.sandbox && one.name === ifname && one.mac === mac)
  const allowed = (isInResult && allowedMac(request, port.name)) || mac
  await checkMacSpoofCheck(request, port.name, allowed)
  if (allowed !== mac)
    log.warn(`macspoofchk drops the frames of ${ifname}: they come from ${mac}, and ${allowed} is allowed`)
}
