/**
 * Host ports that lead to a container, by nftables or iptables. What ADD does is recorded: DEL and GC need no configuration. ADD, DEL of
 * what is recorded, and `patchbay reapply` hold one lock, whichever the back end.
 */

import type { Attachment } from '../cni/plugin.ts'
import { runAll } from '../error/steps.ts'
import { type Address, families } from '../ip/address.ts'
import type { Recorded } from '../state/former.ts'
import { type BackEnd, byBackEnd, whyImpossible } from './by-back-end.ts'
import { withFeatureLock, withRemovalLock } from './feature-lock.ts'
import { findIptablesTraces } from './iptables-traces.ts'
import { forgetStaleUsers, forgetUser } from './iptables-users.ts'
import { frameOf } from './portmap-frame.ts'
import {
  closeLocalnet,
  forgetLocalnet,
  localnetLinks,
  staleLocalnet,
  useLocalnet,
  type WriteSysctl,
} from './portmap-localnet.ts'
import * as nftables from './portmap-nftables.ts'
import { kept, type PortmapRecord, rulesOf, toRecord } from './portmap-record.ts'
import type { PortRules } from './portmap-rules.ts'
import { forgetShared, otherInterfaceOf, otherInterfaces } from './portmap-shared.ts'
import { refusals } from './portmap-taken.ts'
import { flushFlowsTo, flushStaleFlows } from './stale-flows.ts'
import { owner, staleIn } from './table.ts'
import { unlessUnsupported } from './unsupported.ts'

const task = { verb: 'map host ports', key: 'backend' }
const loadGuard = () => import('./portmap-guard.ts')
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
  flushStaleFlows(udpOf(rules))
}

/** @param links whose sysctl stays as it is @returns whether there was anything */
async function removeEarlier(attachment: Attachment, links: readonly string[]): Promise<boolean> {
  const earlier = kept.read(attachment)
  if (!earlier) return false
  const left = localnetLinks(rulesOf(earlier)).filter((link) => !links.includes(link))
  await removeRecordedParts(earlier, left)
  kept.forget(earlier)
  endFlows(earlier)
  return true
}

/** Looks for the ports in all places, and adds them in one. */
async function addBy(backEnd: BackEnd | undefined, attachment: Recorded, rules: PortRules[]): Promise<void> {
  const refuse = refusals(attachment)
  const { refuseElsewhere, refuseRecorded, restoreFlushed } = await import('./portmap-others.ts')
  if (backEnd !== 'iptables') await restoreFlushed(attachment, rules, reapplyPortmap)
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

/** By iptables the guard is apart. */
async function addGuard(attachment: Attachment, rules: readonly PortRules[]): Promise<void> {
  if (localnetLinks(rules).length > 0) (await loadGuard()).addGuard(attachment)
}

/** The mappings whose flows connection tracking remembers. */
function udpOf(rules: PortRules[]) {
  return rules.flatMap(({ address: { address }, mappings }) =>
    mappings
      .filter(({ protocol }) => protocol === 'udp')
      .map(({ hostPort: port, containerPort, hostIP }) => ({ address, port, containerPort, hostIP })),
  )
}

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

async function removeRecorded(attachment: Recorded): Promise<void> {
  await withRemovalLock('portmap', async () => {
    // An ADD may have replaced the record since it was found.
    const record = kept.find(attachment)
    if (!record) return
    const links = localnetLinks(rulesOf(record))
    await runAll([
      () => removeRecordedParts(record, links),
      () => leaveShared(record),
      () => endFlows(record),
    ])
    kept.forget(record)
  })
}

/**
 * What packets pass goes first: a state directory that cannot be written fails the rest, and the record stays for the next DEL.
 * @param links that the attachment uses 127.0.0.1 by no longer
 */
async function removeRecordedParts(record: PortmapRecord, links: readonly string[]): Promise<void> {
  closeLocalnet(record, links)
  await runAll([
    () => unlessUnsupported(() => nftables.remove(rulesOf(record))),
    ...(record.backend === 'iptables' ? stepsOfIptables(record) : []),
    () => forgetLocalnet(record, links),
  ])
}

function stepsOfIptables(attachment: Attachment) {
  return [
    async () => (await iptables()).remove(attachment),
    async () => (await loadGuard()).releaseGuard(attachment),
  ]
}

/** Ports that a removed attachment had go to other interfaces of its container. With the last but one nothing is shared any more. */
async function leaveShared(attachment: Recorded): Promise<void> {
  const others = otherInterfaces(attachment)
  await leaveTo(others)
  if (others.length < 2) forgetShared(attachment)
}

/** What fails is for their CHECK to tell. */
async function leaveTo(others: readonly PortmapRecord[]): Promise<void> {
  for (const other of others) await reapplyPortmap(other).catch(() => {})
}

function endFlows(record: PortmapRecord): void {
  const rules = rulesOf(record)
  const ports = udpOf(rules)
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
    ;(await loadGuard()).checkGuard(attachment)
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

/** `patchbay reapply`: adds what is missing of a record, which stays as it is. The caller holds the feature's lock. @throws as `addPortmap` */
export async function reapplyPortmap(record: PortmapRecord): Promise<void> {
  const rules = rulesOf(record)
  const hasAdded =
    record.backend === 'nftables'
      ? nftables.addMissing(rules, refusals(record).ofElement)
      : await addMissingByIptables(record, rules)
  if (hasAdded) flushStaleFlows(udpOf(rules))
}

/** When all records are reapplied: the next ADD restores none. The caller holds the feature's lock. */
export async function endReapply(): Promise<void> {
  const live = kept.all().filter(({ backend }) => backend === 'nftables')
  unlessUnsupported(() => nftables.endFlushed(live.flatMap(rulesOf)))
}

async function addMissingByIptables(attachment: Recorded, rules: PortRules[]): Promise<boolean> {
  await addGuard(attachment, rules)
  return (await iptables()).addMissing(rules, refusals(attachment).ofContainer)
}

/** Why host ports cannot be mapped on this host; undefined when they can. Changes nothing. */
export function portmapStatus(backEnd?: BackEnd): Promise<string | undefined> {
  return whyImpossible(task, backEnd, { nftables: nftables.requireSupport })
}
