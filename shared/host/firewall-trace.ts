/**
 * What an attachment has in the firewall. A pointer says which attachments have something there, so that DEL and GC do not
 * depend on the key, which may have left the configuration since ADD; and so that all others neither load the firewall's code
 * nor ask the kernel, which would load its nf_tables for the question.
 */

import type { Life, Trace } from '../attachment/device.ts'
import type { Attachment, Request } from '../cni/plugin.ts'
import { withRemovalLock } from '../firewall/feature-lock.ts'
import { type Note, noted } from '../state/noted.ts'

/** A feature of the firewall. */
interface Feature {
  /** The key of the configuration that asks for it. */
  key: 'ipMasq' | 'macspoofchk'
  /** Loads its code. */
  load(): Promise<{
    remove(attachment: Attachment): Promise<unknown>
    collect(network: string, valid: Request['validAttachments'], stale: Note[]): Promise<unknown>
  }>
}

interface FirewallTrace extends Trace {
  /**
   * For ADD, before it changes the firewall: notes the attachment, and registers the inverse of all that follows.
   * @param more what `patchbay reapply` needs to do it again @throws KernelError
   */
  begin(life: Pick<Life<unknown>, 'request' | 'undo'>, more: string): void
}

/** The trace of a feature. It is removed too if the key has any value but false, in case the pointer was lost. */
export function firewallTrace({ key, load }: Feature): FirewallTrace {
  const users = noted(`firewall/${key}`)
  const remove = (attachment: Attachment) =>
    withRemovalLock(key, async () => {
      await (await load()).remove(attachment)
      users.forget(attachment)
    })
  return {
    begin({ request, undo }, more) {
      undo(() => remove(request))
      users.note(request, more)
    },
    async remove(request) {
      const noted = users.find(request)
      if (noted || request.raw[key]) await remove(noted ?? request)
    },
    async collect({ network, validAttachments: valid, raw }) {
      const stale = users.stale(network, valid)
      if (!raw[key] && stale.length === 0) return
      await withRemovalLock(key, async () => {
        await (await load()).collect(network, valid, stale)
        stale.forEach(users.forget)
      })
    },
  }
}
