/** Masquerade and MAC check of a bridge's containers. Loaded only where a configuration asks for them. */

import { CniError, Code } from '../../shared/cni/error.ts'
import type { Attachment, Request } from '../../shared/cni/plugin.ts'
import type { Result } from '../../shared/cni/result.ts'
import { cidrs } from '../../shared/device/configure.ts'
import type { Life } from '../../shared/device/device.ts'
import type { Link } from '../../shared/netlink/link.ts'
import type { BridgeConfig } from './config.ts'

const macspoof = () => import('../../shared/firewall/macspoofchk.ts')
const masquerade = () => import('../../shared/firewall/masquerade.ts')

type Step = () => unknown

/** Lets only the container's own MAC address in at its port. */
export async function addMacCheck(
  { request, undo }: Life<BridgeConfig>,
  port: Link,
  mac: string,
): Promise<void> {
  if (!request.config.macspoofchk) return
  undo(() => removeMacCheck(request))
  await (await macspoof()).addMacSpoofCheck(request, port.name, mac)
}

/** Masquerades the container's addresses. */
export async function addMasquerade({ request, undo }: Life<BridgeConfig>, { ips }: Result): Promise<void> {
  if (!request.config.ipMasq) return
  undo(() => removeMasquerade(request))
  await (await masquerade()).addMasquerade(request, cidrs(ips), request.config.ipMasqBackend)
}

async function removeMacCheck(attachment: Attachment): Promise<void> {
  await (await macspoof()).removeMacSpoofCheck(attachment)
}

async function removeMasquerade(attachment: Attachment): Promise<void> {
  await (await masquerade()).removeMasquerade(attachment)
}

/** The steps of DEL. What the configuration asks for in whatever words is removed, even if ADD would refuse the words. */
export function removal(request: Request<BridgeConfig>): { masquerade: Step[]; macCheck: Step[] } {
  const { ipMasq, macspoofchk } = request.raw
  return {
    masquerade: ipMasq ? [() => removeMasquerade(request)] : [],
    macCheck: macspoofchk ? [() => removeMacCheck(request)] : [],
  }
}

/** @throws CniError naming what is missing */
export async function checkFirewall(
  request: Request<BridgeConfig>,
  port: Link,
  mac: string,
  { ips }: Result,
): Promise<void> {
  const { macspoofchk, ipMasq, ipMasqBackend } = request.config
  if (macspoofchk) await (await macspoof()).checkMacSpoofCheck(request, port.name, mac)
  if (ipMasq) await (await masquerade()).checkMasquerade(request, cidrs(ips), ipMasqBackend)
}

/** @throws CniError of code 50 when what the configuration asks for cannot work on this host */
export async function firewallStatus({ config }: Request<BridgeConfig>): Promise<void> {
  const reason = config.ipMasq && (await (await masquerade()).masqueradeStatus(config.ipMasqBackend))
  if (reason) throw new CniError(Code.PluginNotAvailable, { msg: `ipMasq cannot work: ${reason}` })
}

/** The steps of GC. */
export function collection({ network, validAttachments, raw }: Request<BridgeConfig>): Step[] {
  const { macspoofchk, ipMasq } = raw
  return [
    ...(macspoofchk ? [async () => (await macspoof()).collectMacSpoofCheck(network, validAttachments)] : []),
    ...(ipMasq ? [async () => (await masquerade()).collectMasquerade(network, validAttachments)] : []),
  ]
}
