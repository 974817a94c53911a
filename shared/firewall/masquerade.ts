/** `ipMasq`: packets that leave a container's subnet get the host's address as source. By nftables or iptables. */

import type { Attachment } from '../cni/plugin.ts'
import { type Cidr, formatCidr, parseCidr } from '../ip/subnet.ts'
import type { Note } from '../state/noted.ts'
import { type BackEnd, byBackEnd, whyImpossible } from './by-back-end.ts'
import { withFeatureLock } from './feature-lock.ts'
import { findIptablesTraces } from './iptables-traces.ts'
import { forgetStaleUsers, forgetUser } from './iptables-users.ts'
import * as nftables from './masquerade-nftables.ts'
import { hasReferenceMasquerade } from './reference-masquerade-trace.ts'
import { unlessUnsupported } from './unsupported.ts'

export type MasqueradeBackend = BackEnd

const loadIptables = () => import('./masquerade-iptables.ts')

const task = { verb: 'masquerade', key: 'ipMasqBackend' }

/**
 * Masquerades a container's addresses, except towards their own subnets and multicast.
 * @param addresses each with the prefix length of its subnet
 * @param backend default: nftables, or iptables when the kernel lacks nftables
 * @throws KernelError, or CniError where no back end works
 */
export async function addMasquerade(
  attachment: Attachment,
  addresses: Cidr[],
  backend?: MasqueradeBackend,
): Promise<void> {
  await byBackEnd(task, backend, {
    nftables: () => nftables.add(attachment, addresses),
    iptables: () => withFeatureLock('ipMasq', async () => (await loadIptables()).add(attachment, addresses)),
  })
}

/**
 * Removes the rules of an attachment from both back ends, since the configuration may have changed since ADD, and those that
 * the reference has made. Does nothing when there are none. Needs no addresses.
 * @param attachment with what `masqueradeNote` made, if ADD has noted it
 */
export async function removeMasquerade(attachment: Attachment & { more?: string }): Promise<void> {
  const reference = unlessUnsupported(() => {
    nftables.remove(attachment, notedAddresses(attachment.more))
    return hasReferenceMasquerade()
  })
  if (reference) (await import('./reference-masquerade.ts')).remove(attachment)
  const traces = await findIptablesTraces(attachment)
  if (traces.length > 0) await (await loadIptables()).remove(traces)
  forgetUser(attachment)
}

/**
 * Without `backend`, either back end may have the rules: an nftables module may have been loaded since ADD. The reference may
 * have made them, too.
 * @throws CniError that names the missing rule or element, and the command that shows it
 */
export async function checkMasquerade(
  attachment: Attachment,
  addresses: Cidr[],
  backend?: MasqueradeBackend,
): Promise<void> {
  try {
    if (backend !== 'iptables') return nftables.check(attachment, addresses)
  } catch (error) {
    const other = await otherMaker(attachment, backend)
    if (!other) throw error
    return other.check(attachment, addresses)
  }
  const iptables = await loadIptables()
  await iptables.check(attachment, addresses)
}

/** What else has made rules for an attachment: the reference, or iptables. */
async function otherMaker(attachment: Attachment, backend: MasqueradeBackend | undefined) {
  if (unlessUnsupported(hasReferenceMasquerade)) {
    const reference = await import('./reference-masquerade.ts')
    if (reference.has(attachment)) return reference
  }
  if (backend === 'nftables' || (await findIptablesTraces(attachment)).length === 0) return undefined
  return loadIptables()
}

/**
 * GC: removes the rules of attachments that are no longer valid.
 * @param stale those of them that ADD has noted
 * @returns how many addresses, rules and iptables chains
 */
export async function collectMasquerade(
  network: string,
  valid: { containerID: string; ifname: string }[],
  stale: Note[] = [],
): Promise<number> {
  const noted = stale.flatMap(({ more }) => notedAddresses(more))
  const elements = unlessUnsupported(() => nftables.collect(network, valid, noted)) ?? 0
  const rules = await collectReferences(network, valid)
  const chains = await collectChains(network, valid)
  forgetStaleUsers(network, valid)
  return elements + rules + chains
}

async function collectReferences(network: string, valid: Omit<Attachment, 'network'>[]): Promise<number> {
  if (!unlessUnsupported(hasReferenceMasquerade)) return 0
  return (await import('./reference-masquerade.ts')).collect(network, valid)
}

async function collectChains(network: string, valid: Omit<Attachment, 'network'>[]): Promise<number> {
  const traces = await findIptablesTraces()
  return traces.length === 0 ? 0 : (await loadIptables()).collect(network, valid, traces)
}

/** Why masquerading cannot work on this host; undefined when it can. Changes nothing. */
export async function masqueradeStatus(backend?: MasqueradeBackend): Promise<string | undefined> {
  return whyImpossible(task, backend, { nftables: nftables.requireSupport })
}

/** What is noted of an attachment for `reapplyMasquerade`. */
export function masqueradeNote(addresses: Cidr[], backend?: MasqueradeBackend): string {
  return [...addresses.map(formatCidr), ...(backend ? [backend] : [])].join(' ')
}

function notedAddresses(more = ''): Cidr[] {
  return more.split(' ').flatMap((word) => parseCidr(word) ?? [])
}

/**
 * `patchbay reapply`: adds what is missing of what an ADD has noted. The caller holds the feature's lock.
 * @throws as `addMasquerade`
 */
export async function reapplyMasquerade({ more, ...attachment }: Note): Promise<void> {
  const backend = (['nftables', 'iptables'] as const).find((one) => more.split(' ').includes(one))
  const addresses = notedAddresses(more)
  if (addresses.length === 0) return
  await byBackEnd(task, backend, {
    nftables: () => nftables.addMissing(attachment, addresses),
    iptables: async () => (await loadIptables()).addMissing(attachment, addresses),
  })
}
