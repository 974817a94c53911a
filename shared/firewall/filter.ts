/** What the plugin firewall does in the firewall for one attachment: added, checked and removed by the back end of its record. */

import type { Attachment } from '../cni/plugin.ts'
import { CniError, Code, factsOf } from '../error/error.ts'
import { runAll, runAllNow } from '../error/steps.ts'
import type { KernelError } from '../kernel/errno.ts'
import { stateDirectory } from '../kernel/state-directory.ts'
import { requireNftables, update } from '../netlink/nftables-transaction.ts'
import { explaining } from '../state/explain.ts'
import type { Recorded } from '../state/former.ts'
import { withStateLock } from '../state/lock.ts'
import { amongValid } from '../state/valid.ts'
import * as acceptInto from './accept-into.ts'
import type { ClosedIptables } from './closed-chains.ts'
import type { FilterBackEnd } from './decision.ts'
import { withRemovalLock } from './feature-lock.ts'
import { type Filter, isEmpty, kept } from './filter-record.ts'
import { recover } from './filter-recovery.ts'
import { mayHaveBus, mayHaveIptables } from './filter-traces.ts'
import * as isolation from './isolation.ts'
import { allUsers, releaseAll } from './shared-parts.ts'
import { netfilter } from './table.ts'
import { isUnsupported, unlessUnsupported } from './unsupported.ts'

/** Attachments share rules: looking who uses them and changing them is one step. */
const lock = 'firewall'

const loadIptables = () => import('./filter-iptables.ts')
const loadFirewalld = () => import('./firewalld.ts')

/**
 * Adds what a filter says, where it is missing. What an earlier ADD of the attachment has left is removed.
 * @param closed the chains of iptables that it must open
 * @throws KernelError, CniError; what was added until then is removed by `removeFilter`
 */
export async function addFilter(filter: Filter, closed: readonly ClosedIptables[]): Promise<void> {
  const earlier = kept.read(filter)
  if (earlier) await removeFilter(earlier)
  if (isEmpty(filter)) return
  const tables = filter.backEnd === 'iptables' ? (await loadIptables()).tablesFor(filter, closed) : undefined
  await applyFilter({ ...filter, tables })
}

/** Records a filter, and adds what is missing of it. */
async function applyFilter(filter: Filter): Promise<void> {
  const make = await makerOf(filter)
  withStateLock(lock, () => {
    kept.write(filter)
    make()
  })
}

/** `patchbay reapply`: adds what another program has removed. The caller holds the lock, and the filter is recorded. */
export async function reapplyFilter(filter: Filter): Promise<void> {
  const make = await makerOf(filter)
  make()
}

/** Loads the back end of a filter. @returns what adds the filter's missing parts */
async function makerOf(filter: Filter): Promise<() => void> {
  const { backEnd } = filter
  const iptables = backEnd === 'iptables' ? await loadIptables() : undefined
  const firewalld = backEnd === 'firewalld' ? await loadFirewalld() : undefined
  return () => {
    iptables?.add(filter)
    firewalld?.add(filter)
    addElements(filter)
  }
}

function addElements(filter: Filter): void {
  if (isEmpty({ ...filter, backEnd: 'nftables' })) return
  try {
    update(netfilter(), () => [...isolation.addition(filter), ...acceptInto.addition(filter)])
  } catch (error) {
    throw isUnsupported(error) ? unsupported(error) : error
  }
}

function unsupported(error: KernelError): CniError {
  return new CniError(Code.PluginNotAvailable, {
    msg: `ingressPolicy and acceptInto need nf_tables of the families inet and bridge: ${error.errno}`,
    hint: 'use a kernel with CONFIG_NF_TABLES_INET and CONFIG_NF_TABLES_BRIDGE, or remove these keys',
    ...factsOf(error),
  })
}

/**
 * Removes what an attachment has. Does nothing when it has nothing.
 * @param unrecorded what it may have when there is no record of it: the reference keeps none
 */
export async function removeFilter(
  attachment: Recorded,
  unrecorded?: () => Filter | undefined,
): Promise<void> {
  const recorded = kept.find(attachment)
  const likely = recorded ? undefined : unrecorded?.()
  const found = recorded ?? recover(attachment, likely)
  const filter = found ?? likely
  await runAll([
    async () => filter && removeBy(await makersOf(filter, { recorded, found }), filter, found),
    () => (recorded ? undefined : forgetTrace(attachment)),
  ])
}

/** The draft of an ADD that was killed. */
function forgetTrace(attachment: Attachment): Promise<void> | undefined {
  if (!kept.hasTrace(attachment)) return undefined
  return withRemovalLock('firewall', async () => kept.forget(attachment))
}

/** Which back ends may have rules of an attachment. */
async function makersOf(filter: Filter, { recorded, found }: { recorded?: Filter; found?: Filter }) {
  if (recorded) return [recorded.backEnd]
  const { addresses, zone } = filter
  const byIptables = found !== undefined || (mayHaveIptables() && (await loadIptables()).has(addresses))
  const byFirewalld = found !== undefined || (mayHaveBus() && (await loadFirewalld()).has(addresses, zone))
  return [...(byIptables ? ['iptables' as const] : []), ...(byFirewalld ? ['firewalld' as const] : [])]
}

/** @param found the filter, if there was a record or a trace of it: otherwise the reference's rules are all that may be there */
async function removeBy(makers: readonly FilterBackEnd[], filter: Filter, found?: Filter): Promise<void> {
  if (!found && makers.length === 0) return
  const iptables = makers.includes('iptables') ? await loadIptables() : undefined
  const firewalld = makers.includes('firewalld') ? await loadFirewalld() : undefined
  await withRemovalLock('firewall', async () => {
    runAllNow([
      () => iptables?.remove(filter),
      () => firewalld?.remove(filter),
      () => found && removeElements(found),
    ])
    if (found) explaining(stateDirectory, () => kept.forget(found))
  })
}

function removeElements(filter: Filter): void {
  if (isEmpty({ ...filter, backEnd: 'nftables' })) return
  const parts = [...isolation.partsOf(filter), ...acceptInto.partsOf(filter)]
  const { unused, failures } = releaseAll(parts, filter)
  const plan = () => [...isolation.removal(filter, unused), ...acceptInto.removal(filter, unused)]
  runAllNow([() => void unlessUnsupported(() => update(netfilter(), plan)), ...failures])
}

/**
 * @param unrecorded as the configuration has it, for an attachment without a record: the reference may have attached it
 * @throws CniError that names the missing rule or element
 */
export async function checkFilter(attachment: Recorded, unrecorded: Filter): Promise<void> {
  const recorded = kept.find(attachment)
  const filter = recorded ?? { ...unrecorded, backEnd: await backEndOf(unrecorded) }
  if (filter.backEnd === 'iptables') (await loadIptables()).check(filter)
  if (filter.backEnd === 'firewalld') (await loadFirewalld()).check(filter)
  if (!recorded && filter.backEnd !== 'nftables') return
  isolation.check(filter)
  acceptInto.check(filter)
}

/** Which back end has the addresses of an attachment without a record. */
async function backEndOf(filter: Filter): Promise<FilterBackEnd> {
  const [first] = await makersOf(filter, {})
  return first ?? filter.backEnd
}

/** GC: removes what a network's attachments have that are not valid any more. */
export async function collectFilters(network: string, valid: Omit<Attachment, 'network'>[]): Promise<void> {
  for (const filter of kept.stale(network, valid)) await removeFilter(filter)
  const isValid = amongValid(valid)
  const others = allUsers().filter((user) => user.network === network && !isValid(user))
  for (const user of others) await removeFilter(user)
  const { collectUnrecorded } = await import('./filter-unrecorded.ts')
  unlessUnsupported(() => collectUnrecorded(network, valid))
}

/** @throws KernelError EOPNOTSUPP when the kernel has no nf_tables, which a policy and `acceptInto` need */
export function requireElements(filter: Pick<Filter, 'policy' | 'acceptInto'>): void {
  if (filter.policy !== 'open' || filter.acceptInto.length > 0) requireNftables(netfilter())
}
