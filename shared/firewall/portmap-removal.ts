/** Removes host ports: what ADD has recorded of an attachment, what has its name without a record, and what the reference made. */

import type { Attachment } from '../cni/plugin.ts'
import { runAll } from '../error/steps.ts'
import { type Address, families } from '../ip/address.ts'
import type { Recorded } from '../state/former.ts'
import { withRemovalLock } from './feature-lock.ts'
import { findIptablesTraces } from './iptables-traces.ts'
import { forgetStaleUsers, forgetUser } from './iptables-users.ts'
import { frameOf } from './portmap-frame.ts'
import { closeLocalnet, forgetLocalnet, localnetLinks, staleLocalnet } from './portmap-localnet.ts'
import * as nftables from './portmap-nftables.ts'
import { reapplyPortmap } from './portmap-reapply.ts'
import { kept, type PortmapRecord, rulesOf } from './portmap-record.ts'
import { type PortRules, udpPorts } from './portmap-rules.ts'
import { forgetShared, otherInterfaces } from './portmap-shared.ts'
import { flushFlowsTo } from './stale-flows.ts'
import { owner, staleIn } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

const iptables = () => import('./portmap-iptables.ts')
const reference = () => import('./reference-portmap.ts')

/** What DEL knows of an attachment without a record. */
interface Known {
  /** The configuration has mappings: the reference may have made them. */
  wasAsked: boolean
  /** The container's, if the result of ADD is there. */
  addresses: Address[]
}

/** Removes the host ports of an attachment, ours or the reference's; does nothing when there are none. */
export async function removePortmap(
  attachment: Attachment,
  { wasAsked, addresses }: Known = { wasAsked: false, addresses: [] },
): Promise<void> {
  if (kept.find(attachment)) return removeRecorded(attachment)
  const isUnrecorded =
    kept.wasDamaged(attachment) || (wasAsked && unlessUnsupported(() => nftables.has(attachment)))
  await runAll([
    ...(isUnrecorded ? [() => removeUnrecorded(attachment)] : []),
    ...(wasAsked ? [() => removeAsked(attachment, addresses)] : []),
    // The draft of an ADD that was killed.
    () => kept.forget(attachment),
  ])
}

async function removeAsked(attachment: Attachment, addresses: Address[]): Promise<void> {
  await removeChains(attachment)
  const { has, remove } = await reference()
  if (unlessUnsupported(() => has(attachment))) remove(attachment, addresses)
  flushFlowsTo(addresses)
}

/** Without a trace of them, the code of iptables is not loaded. */
async function removeChains(attachment: Attachment): Promise<void> {
  const traces = await findIptablesTraces(attachment, 'portmap')
  if (traces.length > 0) await (await iptables()).remove(attachment)
  else forgetUser(attachment, 'portmap')
}

/**
 * Removes what an attachment had before a second ADD. The caller holds the feature's lock.
 * @param links whose sysctl stays as it is
 * @returns whether there was anything
 */
export async function removeEarlier(attachment: Attachment, links: readonly string[]): Promise<boolean> {
  const earlier = kept.read(attachment)
  if (!earlier) return false
  const rules = rulesOf(earlier)
  const left = localnetLinks(rules).filter((link) => !links.includes(link))
  await removeRecordedParts(earlier, rules, left)
  kept.forget(earlier)
  endFlows(rules)
  return true
}

async function removeRecorded(attachment: Recorded): Promise<void> {
  await withRemovalLock('portmap', async () => {
    // An ADD may have replaced the record since it was found.
    const record = kept.find(attachment)
    if (!record) return
    const rules = rulesOf(record)
    await runAll([
      () => removeRecordedParts(record, rules, localnetLinks(rules)),
      () => leaveShared(record),
      () => endFlows(rules),
    ])
    kept.forget(record)
  })
}

/**
 * What packets pass goes first: a state directory that cannot be written fails the rest, and the record stays for the next DEL.
 * @param rules of the record
 * @param links that the attachment uses 127.0.0.1 by no longer
 */
async function removeRecordedParts(
  record: PortmapRecord,
  rules: PortRules[],
  links: readonly string[],
): Promise<void> {
  closeLocalnet(record, links)
  await runAll([
    () => unlessUnsupported(() => nftables.remove(rules)),
    ...(record.backend === 'iptables' ? stepsOfIptables(record) : []),
    () => forgetLocalnet(record, links),
  ])
}

function stepsOfIptables(attachment: Attachment) {
  return [
    async () => (await iptables()).remove(attachment),
    async () => (await import('./portmap-guard.ts')).releaseGuard(attachment),
  ]
}

/** Ports that a removed attachment had go to other interfaces of its container. With the last but one nothing is shared any more. */
async function leaveShared(attachment: Recorded): Promise<void> {
  const others = otherInterfaces(attachment)
  await leaveTo(others)
  if (others.length < 2) forgetShared(attachment)
}

/** Adds the ports that other interfaces of a container share with one that had them. What fails is for their CHECK to tell. */
export async function leaveTo(others: readonly PortmapRecord[]): Promise<void> {
  for (const other of others) await reapplyPortmap(other).catch(() => {})
}

function endFlows(rules: PortRules[]): void {
  const ports = udpPorts(rules)
  if (ports.length > 0)
    flushFlowsTo(
      rules.map(({ address }) => address.address),
      ports,
    )
}

/** Removes what has the attachment's comment, of networks without conditions, and its use of 127.0.0.1. */
async function removeUnrecorded(attachment: Attachment): Promise<void> {
  const comment = owner(attachment)
  const elements = () => {
    for (const family of families)
      nftables.removeWhere(frameOf(family), (element) => element.comment === comment)
  }
  await withRemovalLock('portmap', async () => {
    closeLocalnet(attachment)
    await runAll([
      () => unlessUnsupported(elements),
      ...stepsOfIptables(attachment),
      () => forgetLocalnet(attachment),
    ])
  })
}

/** GC: removes what attachments of a network have that are not valid any more. @returns how many elements and chains */
export async function collectPortmap(network: string, valid: Omit<Attachment, 'network'>[]): Promise<number> {
  const stale = kept.stale(network, valid)
  await runAll(stale.map((record) => () => removeRecorded(record)))
  // Their records are lost or damaged.
  for (const one of staleLocalnet(network, valid)) await removeUnrecorded(one)
  const isStale = staleIn(network, valid)
  const elements = unlessUnsupported(() =>
    families.reduce((sum, family) => sum + nftables.removeWhere(frameOf(family), isStale), 0),
  )
  const chains = await collectChains(network, valid)
  const { collect } = await reference()
  return stale.length + (elements ?? 0) + chains + (unlessUnsupported(() => collect(valid)) ?? 0)
}

async function collectChains(network: string, valid: Omit<Attachment, 'network'>[]): Promise<number> {
  const traces = await findIptablesTraces(undefined, 'portmap')
  if (traces.length > 0) return (await iptables()).collect(network, valid)
  forgetStaleUsers(network, valid, 'portmap')
  return 0
}
