/** Adds what is missing of recorded host ports: `patchbay reapply`, an ADD after a flush, and a DEL that leaves shared ports to others. */

import type { Attachment } from '../cni/plugin.ts'
import type { Recorded } from '../state/former.ts'
import { localnetLinks } from './portmap-localnet.ts'
import * as nftables from './portmap-nftables.ts'
import { kept, type PortmapRecord, rulesOf } from './portmap-record.ts'
import { type PortRules, udpPorts } from './portmap-rules.ts'
import { refusals } from './portmap-taken.ts'
import { flushStaleFlows } from './stale-flows.ts'
import { unlessUnsupported } from './unsupported.ts'

/** Adds what is missing of a record, which stays as it is. The caller holds the feature's lock. @throws as `addPortmap` */
export async function reapplyPortmap(record: PortmapRecord): Promise<void> {
  const rules = rulesOf(record)
  const hasAdded =
    record.backend === 'nftables'
      ? nftables.addMissing(rules, refusals(record).ofElement)
      : await addMissingByIptables(record, rules)
  if (hasAdded) flushStaleFlows(udpPorts(rules))
}

/** When all records are reapplied: the next ADD restores none. The caller holds the feature's lock. */
export async function endReapply(): Promise<void> {
  const live = kept.all().filter(({ backend }) => backend === 'nftables')
  unlessUnsupported(() => nftables.endFlushed(live.flatMap(rulesOf)))
}

async function addMissingByIptables(attachment: Recorded, rules: PortRules[]): Promise<boolean> {
  await addGuard(attachment, rules)
  return (await import('./portmap-iptables.ts')).addMissing(rules, refusals(attachment).ofContainer)
}

/** By iptables the guard of 127.0.0.0/8 is apart. */
export async function addGuard(attachment: Attachment, rules: readonly PortRules[]): Promise<void> {
  if (localnetLinks(rules).length > 0) (await import('./portmap-guard.ts')).addGuard(attachment)
}
