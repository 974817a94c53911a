/** Host ports that lead to a container, by nftables or iptables. */

import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code } from '../error/error.ts'
import type { Recorded } from '../state/former.ts'
import { type BackEnd, byBackEnd, whyImpossible } from './back-ends.ts'
import { families, frameOf } from './portmap-frame.ts'
import * as nftables from './portmap-nftables.ts'
import { hasEnded, kept, type PortmapRecord, rulesOf, toRecord } from './portmap-record.ts'
import { hostPortOf, type Mapping, type PortRules } from './portmap-rules.ts'
import { owner, staleIn } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

const task = { verb: 'map host ports', key: 'backend' }

/**
 * Leads host ports to a container. What the attachment had before is replaced.
 * @throws CniError with the owner's name for a port that is taken, KernelError
 */
export async function addPortmap(attachment: Recorded, rules: PortRules[], backend?: BackEnd): Promise<void> {
  const earlier = kept.find(attachment)
  if (earlier) await removeRecorded(earlier)
  kept.write(toRecord(attachment, backend ?? 'nftables', rules))
  const refuse = (mapping: Mapping, comment: string) => refuseUnlessEnded(attachment, mapping, comment)
  const used = await byBackEnd(task, backend, {
    nftables: () => nftables.add(rules, refuse),
    async iptables() {
      kept.write(toRecord(attachment, 'iptables', rules))
      await (await import('./portmap-iptables.ts')).add(rules)
    },
  })
  void used
}

function refuseUnlessEnded(attachment: Attachment, mapping: Mapping, comment: string): void {
  if (hasEnded(comment, attachment)) return
  throw new CniError(Code.TryAgainLater, {
    msg: `host port ${hostPortOf(mapping)} is taken by ${comment}: stop that container, or map another port`,
    hint: 'the comment is network/containerID/interface; it may have ended without DEL: then GC of its network removes it',
    see: `nft list map ${mapping.hostIP?.family === 6 ? 'ip6' : 'ip'} patchbay portmap-${mapping.hostIP ? 'addresses' : 'ports'}`,
  })
}

/** Removes the host ports of an attachment. Needs nothing but the attachment; does nothing when there are none. */
export async function removePortmap(attachment: Attachment): Promise<void> {
  const record = kept.find(attachment)
  if (record) return removeRecorded(record)
  if (kept.wasDamaged(attachment)) await removeUnrecorded(attachment)
}

async function removeRecorded(record: PortmapRecord): Promise<void> {
  unlessUnsupported(() => nftables.remove(rulesOf(record)))
  if (record.backend === 'iptables') await (await import('./portmap-iptables.ts')).remove(record)
  kept.forget(record)
}

/** All elements with the attachment's comment, of networks without conditions. */
async function removeUnrecorded(attachment: Attachment): Promise<void> {
  const comment = owner(attachment)
  unlessUnsupported(() => {
    for (const family of families) nftables.removeWhere(frameOf(family), (element) => element.comment === comment)
  })
  await (await import('./portmap-iptables.ts')).remove(attachment)
}

/** @throws CniError that names the missing rule or element */
export async function checkPortmap(attachment: Recorded, rules: PortRules[]): Promise<void> {
  const record = kept.find(attachment)
  if (record?.backend !== 'iptables') return nftables.check(rules)
  await (await import('./portmap-iptables.ts')).check(rules)
}

/** GC: removes what attachments of a network have that are not valid any more. @returns how many elements and chains */
export async function collectPortmap(network: string, valid: Omit<Attachment, 'network'>[]): Promise<number> {
  const stale = kept.stale(network, valid)
  for (const record of stale) await removeRecorded(record)
  const isStale = staleIn(network, valid)
  const elements = unlessUnsupported(() =>
    families.reduce((sum, family) => sum + nftables.removeWhere(frameOf(family), isStale), 0),
  )
  return stale.length + (elements ?? 0)
}

/** `patchbay reapply`: adds again what a record says, where another program has removed it. */
export async function reapplyPortmap(record: PortmapRecord): Promise<void> {
  await addPortmap(record, rulesOf(record), record.backend)
}

/** Why host ports cannot be mapped on this host; undefined when they can. Changes nothing. */
export function portmapStatus(backend?: BackEnd): Promise<string | undefined> {
  return whyImpossible(task, backend, { nftables: nftables.requireSupport })
}
