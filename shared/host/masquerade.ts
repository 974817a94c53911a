/** `ipMasq` in the life of an attachment. The firewall is loaded only where a configuration asks for it. */

import { cidrs } from '../attachment/configure.ts'
import type { Life } from '../attachment/device.ts'
import { CniError, Code } from '../cni/error.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import type { Result } from '../cni/result.ts'
import type { MasqueradeBackend } from '../firewall/masquerade.ts'

export interface MasqueradeConfig {
  ipMasq: boolean
  ipMasqBackend?: MasqueradeBackend
}

type Step = () => unknown

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

/** The steps of DEL. What the configuration asks for in whatever words is removed, even if ADD would refuse the words. */
export function masqueradeRemoval(request: Request): Step[] {
  return request.raw.ipMasq ? [() => remove(request)] : []
}

/** @throws CniError naming what is missing */
export async function checkMasquerade(request: Request<MasqueradeConfig>, { ips }: Result): Promise<void> {
  const { ipMasq, ipMasqBackend } = request.config
  if (ipMasq) await (await firewall()).checkMasquerade(request, cidrs(ips), ipMasqBackend)
}

/** @throws CniError of code 50 when what the configuration asks for cannot work on this host */
export async function masqueradeStatus({ config }: Request<MasqueradeConfig>): Promise<void> {
  const reason = config.ipMasq && (await (await firewall()).masqueradeStatus(config.ipMasqBackend))
  if (reason) throw new CniError(Code.PluginNotAvailable, { msg: `ipMasq cannot work: ${reason}` })
}

/** The steps of GC. */
export function masqueradeCollection({ network, validAttachments, raw }: Request): Step[] {
  return raw.ipMasq ? [async () => (await firewall()).collectMasquerade(network, validAttachments)] : []
}
