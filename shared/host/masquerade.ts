/** `ipMasq` in the life of an attachment. The firewall's code is loaded only if the configuration sets it. */

import { cidrs } from '../attachment/configure.ts'
import type { Life, Trace } from '../attachment/device.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import { CniError, Code } from '../error/error.ts'
import type { MasqueradeBackend } from '../firewall/masquerade.ts'

export interface MasqueradeConfig {
  ipMasq: boolean
  ipMasqBackend?: MasqueradeBackend
}

const firewall = () => import('../firewall/masquerade.ts')

/** Masquerades the container's addresses. */
export async function addMasquerade(
  { request, undo }: Pick<Life<MasqueradeConfig>, 'request' | 'undo'>,
  { ips }: Result,
): Promise<void> {
  if (!request.config.ipMasq) return
  undo(() => remove(request))
  await (await firewall()).addMasquerade(request, cidrs(ips), request.config.ipMasqBackend)
}

async function remove(attachment: Attachment): Promise<void> {
  await (await firewall()).removeMasquerade(attachment)
}

/** The container's addresses in the firewall. Removed if `ipMasq` has any value but false, also an invalid one. */
export const masquerade: Trace = {
  remove: (request) => request.raw.ipMasq && remove(request),
  async collect({ network, validAttachments, raw }) {
    if (raw.ipMasq) await (await firewall()).collectMasquerade(network, validAttachments)
  },
}

/** @throws CniError naming what is missing */
export async function checkMasquerade(request: Request<MasqueradeConfig>, { ips }: Result): Promise<void> {
  const { ipMasq, ipMasqBackend } = request.config
  if (ipMasq) await (await firewall()).checkMasquerade(request, cidrs(ips), ipMasqBackend)
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
