/** `ipMasq` in the life of an attachment. The firewall's code is loaded only if the configuration sets it, or ADD's did. */

import { cidrs } from '../attachment/configure.ts'
import type { Life } from '../attachment/device.ts'
import type { Request } from '../cni/plugin.ts'
import type { Ip, Result } from '../cni/result.ts'
import { CniError, Code } from '../error/error.ts'
import type { MasqueradeBackend } from '../firewall/masquerade.ts'
import type { Cidr } from '../ip/subnet.ts'
import { firewallTrace } from './firewall-trace.ts'

export interface MasqueradeConfig {
  ipMasq: boolean | 'ipv4' | 'ipv6'
  ipMasqBackend?: MasqueradeBackend
}

const firewall = () => import('../firewall/masquerade.ts')

/** The container's addresses in the firewall. */
export const masquerade = firewallTrace({
  key: 'ipMasq',
  load: async () => {
    const { removeMasquerade, collectMasquerade } = await firewall()
    return { remove: removeMasquerade, collect: collectMasquerade }
  },
})

/** Masquerades the container's addresses. */
export async function addMasquerade(
  life: Pick<Life<MasqueradeConfig>, 'request' | 'undo'>,
  { ips }: Result,
): Promise<void> {
  const { request } = life
  const addresses = masqueraded(request.config, ips)
  if (addresses.length === 0) return
  const { addMasquerade, masqueradeNote } = await firewall()
  const backend = request.config.ipMasqBackend
  masquerade.begin(life, masqueradeNote(addresses, backend))
  await addMasquerade(request, addresses, backend)
}

/** The addresses of the families that are to be masqueraded. */
function masqueraded({ ipMasq }: MasqueradeConfig, ips: readonly Ip[]): Cidr[] {
  return cidrs(ips).filter(({ address }) => ipMasq === true || ipMasq === `ipv${address.family}`)
}

/** @throws CniError naming what is missing */
export async function checkMasquerade(request: Request<MasqueradeConfig>, { ips }: Result): Promise<void> {
  const { config } = request
  const addresses = masqueraded(config, ips)
  if (addresses.length > 0) await (await firewall()).checkMasquerade(request, addresses, config.ipMasqBackend)
}

/** @throws CniError of code 50 when the host has nothing that can masquerade as configured */
export async function masqueradeStatus({ config }: Request<MasqueradeConfig>): Promise<void> {
  const reason = config.ipMasq && (await (await firewall()).masqueradeStatus(config.ipMasqBackend))
  if (reason)
    throw new CniError(Code.PluginNotAvailable, {
      msg: `ipMasq cannot work: ${reason}`,
      hint: 'provide nftables or iptables on this host, or set "ipMasq" to false',
    })
}
