/**
 * Host ports that lead to a container, by nftables or iptables. What ADD does is recorded: DEL and GC (`portmap-removal.ts`) need no
 * configuration. ADD, DEL of what is recorded, and `patchbay reapply` hold one lock, whichever the back end.
 */

import type { Attachment } from '../cni/plugin.ts'
import type { Recorded } from '../state/former.ts'
import { type BackEnd, byBackEnd, whyImpossible } from './by-back-end.ts'
import { withFeatureLock } from './feature-lock.ts'
import { localnetLinks, useLocalnet, type WriteSysctl } from './portmap-localnet.ts'
import * as nftables from './portmap-nftables.ts'
import { addGuard } from './portmap-reapply.ts'
import { kept, rulesOf, toRecord } from './portmap-record.ts'
import { leaveTo, removeEarlier } from './portmap-removal.ts'
import { type PortRules, udpPorts } from './portmap-rules.ts'
import { otherInterfaceOf, otherInterfaces } from './portmap-shared.ts'
import { refusals } from './portmap-taken.ts'
import { flushStaleFlows } from './stale-flows.ts'
import { unlessUnsupported } from './unsupported.ts'

const task = { verb: 'map host ports', key: 'backend' }
const iptables = () => import('./portmap-iptables.ts')
const reference = () => import('./reference-portmap.ts')

/**
 * Leads host ports to a container, and opens 127.0.0.1 at them. What the attachment had before is replaced.
 * @param writeSysctl sets a sysctl to 1
 * @throws CniError with the owner's name for a port that is taken, KernelError
 */
export async function addPortmap(
  attachment: Recorded,
  rules: PortRules[],
  writeSysctl: WriteSysctl,
  backEnd?: BackEnd,
): Promise<void> {
  await withFeatureLock('portmap', async () => {
    const links = localnetLinks(rules)
    const hadPorts = await removeEarlier(attachment, links)
    await addBy(backEnd, attachment, rules)
    if (hadPorts) await leaveTo(otherInterfaces(attachment))
    for (const via of links) useLocalnet(attachment, via, writeSysctl)
  })
  flushStaleFlows(udpPorts(rules))
}

/** Looks for the ports in all places, and adds them in one. */
async function addBy(backEnd: BackEnd | undefined, attachment: Recorded, rules: PortRules[]): Promise<void> {
  const refuse = refusals(attachment)
  const { refuseElsewhere, refuseRecorded, restoreFlushed } = await import('./portmap-others.ts')
  if (backEnd !== 'iptables') await restoreFlushed(attachment, rules)
  await refuseElsewhere(attachment, rules, backEnd, refuse)
  const record = (used: BackEnd) => kept.write(toRecord(attachment, used, rules))
  await byBackEnd(task, backEnd, {
    nftables() {
      record('nftables')
      nftables.add(rules, refuse.ofElement, () => refuseRecorded(attachment, rules, refuse.ofElement))
    },
    async iptables() {
      record('iptables')
      await addGuard(attachment, rules)
      await (await iptables()).add(rules, refuse.ofContainer)
    },
  })
}

/**
 * What ADD has recorded is looked for, as the configuration may have changed since. Either back end, and either suite, may have made the rules.
 * @param asked as the configuration has it, for an attachment without a record
 * @throws CniError that names the missing rule or element
 */
export async function checkPortmap(
  attachment: Recorded,
  asked: PortRules[],
  backEnd?: BackEnd,
): Promise<void> {
  const record = kept.find(attachment)
  const rules = record ? rulesOf(record) : asked
  const used = record?.backend ?? (await madeBy(attachment, backEnd))
  if (used === 'nftables') return nftables.check(rules, otherInterfaceOf(attachment))
  if (used === 'iptables') {
    ;(await import('./portmap-guard.ts')).checkGuard(attachment)
    return (await iptables()).check(rules)
  }
  for (const { address, mappings, snat } of rules)
    (await reference()).check(attachment, address.address, mappings, snat)
}

async function madeBy(attachment: Attachment, backEnd?: BackEnd): Promise<BackEnd | 'reference'> {
  const { has } = await reference()
  if (unlessUnsupported(() => has(attachment))) return 'reference'
  if (await (await iptables()).has(attachment)) return 'iptables'
  return backEnd ?? 'nftables'
}

/** Why host ports cannot be mapped on this host; undefined when they can. Changes nothing. */
export function portmapStatus(backEnd?: BackEnd): Promise<string | undefined> {
  return whyImpossible(task, backEnd, { nftables: nftables.requireSupport })
}
