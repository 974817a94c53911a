/** `ipMasq`: packets that leave a container's subnet get the host's address as source. By nftables or iptables. */

import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code, factsOf, toCniError } from '../error/error.ts'
import type { Cidr } from '../ip/subnet.ts'
import type { KernelError } from '../kernel/errno.ts'
import { findIptablesTraces } from './iptables-traces.ts'
import { forgetStaleUsers, forgetUser } from './iptables-users.ts'
import * as nftables from './masquerade-nftables.ts'
import { hasReferenceMasquerade } from './reference-masquerade-trace.ts'
import { isUnsupported, unlessUnsupported } from './unsupported.ts'

export type MasqueradeBackend = 'nftables' | 'iptables'

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
  if (backend === 'iptables') return addByIptables(attachment, addresses)
  const rejected = attempt(() => nftables.add(attachment, addresses))
  if (!rejected) return
  if (backend === 'nftables') throw unusable(rejected)
  await addByIptables(attachment, addresses).catch((error) => {
    throw bothUnusable(toCniError(error), rejected)
  })
}

async function addByIptables(attachment: Attachment, addresses: Cidr[]): Promise<void> {
  const iptables = await import('./masquerade-iptables.ts')
  await iptables.add(attachment, addresses)
}

/** Runs an action of the nftables back end. @returns the error when the kernel lacks nftables @throws all other errors */
function attempt(action: () => void): KernelError | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (isUnsupported(error)) return error as KernelError
    throw error
  }
}

function unusable(rejected: KernelError): CniError {
  return new CniError(Code.PluginNotAvailable, {
    msg: `the kernel cannot masquerade by nftables: ${rejected.message}`,
    hint: 'load the kernel modules nf_tables, nft_chain_nat and nft_masq, or set "ipMasqBackend" to "iptables"',
    ...factsOf(rejected),
  })
}

function bothUnusable(error: CniError, rejected: KernelError): CniError {
  const msg = `neither back end can masquerade. nftables: ${rejected.message}. iptables: ${error.message}`
  return new CniError(error.code, { ...error.complaint, msg, errno: rejected.errno, cause: error })
}

/**
 * Removes the rules of an attachment from both back ends, since the configuration may have changed since ADD, and those that
 * the reference has made. Does nothing when there are none. Needs no addresses.
 */
export async function removeMasquerade(attachment: Attachment): Promise<void> {
  const reference = unlessUnsupported(() => {
    nftables.remove(attachment)
    return hasReferenceMasquerade()
  })
  if (reference) (await import('./reference-masquerade.ts')).remove(attachment)
  const traces = await findIptablesTraces(attachment)
  if (traces.length > 0) await (await import('./masquerade-iptables.ts')).remove(traces)
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
  const iptables = await import('./masquerade-iptables.ts')
  await iptables.check(attachment, addresses)
}

/** What else has made rules for an attachment: the reference, or iptables. */
async function otherMaker(attachment: Attachment, backend: MasqueradeBackend | undefined) {
  if (unlessUnsupported(hasReferenceMasquerade)) {
    const reference = await import('./reference-masquerade.ts')
    if (reference.has(attachment)) return reference
  }
  if (backend === 'nftables' || (await findIptablesTraces(attachment)).length === 0) return undefined
  return import('./masquerade-iptables.ts')
}

/** GC: removes the rules of attachments that are no longer valid. @returns how many addresses, rules and iptables chains */
export async function collectMasquerade(
  network: string,
  valid: { containerID: string; ifname: string }[],
): Promise<number> {
  const elements = unlessUnsupported(() => nftables.collect(network, valid)) ?? 0
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
  return traces.length === 0 ? 0 : (await import('./masquerade-iptables.ts')).collect(network, valid, traces)
}

/** Why masquerading cannot work on this host; undefined when it can. Changes nothing. */
export async function masqueradeStatus(backend?: MasqueradeBackend): Promise<string | undefined> {
  if (backend === 'iptables') return whyNotIptables()
  const rejected = attempt(nftables.requireSupport)
  if (!rejected) return undefined
  if (backend === 'nftables') return unusable(rejected).message
  const reason = await whyNotIptables()
  return reason && `nftables: ${rejected.message}; iptables: ${reason}`
}

async function whyNotIptables(): Promise<string | undefined> {
  return (await import('./iptables.ts')).whyUnusable()
}
