/** Lets containers through by iptables, in the layout of the Go reference (filter-layout.ts). */

import { CniError } from '../error/error.ts'
import { runAllNow } from '../error/steps.ts'
import { type Family, families, parseAddress } from '../ip/address.ts'
import { hasXtable } from '../kernel/xtables.ts'
import type { ClosedIptables } from './closed-chains.ts'
import { kindsToOpen } from './decision.ts'
import {
  acceptRules,
  additionOf,
  firstMissing,
  type Last,
  namesAny,
  removalOf,
  type Wanted,
} from './filter-layout.ts'
import { isReady, removeByNetlink, rulesFor } from './filter-netlink.ts'
import type { Filter } from './filter-record.ts'
import { forward, hasLayout } from './filter-traces.ts'
import { type Iptables, isInstalled, restore, save } from './iptables.ts'
import { missing } from './missing.ts'
import { disown, own, ownedBy, type Released, releaseAll, use } from './shared-parts.ts'
import { unlessUnsupported } from './unsupported.ts'

/**
 * The tables that get an attachment's rules: of the kinds of iptables that are closed, else of the system's default one. Where a family
 * has no addresses, only the policy: an IPv4 host may lack ip6tables.
 */
export function tablesFor(filter: Filter, closed: readonly ClosedIptables[]): Iptables[] {
  return families.flatMap((family) => {
    const wanted = wantedIn(filter, family)
    const tables = wanted ? kindsToOpen(closed, family).map((kind) => ({ family, kind })) : []
    return wanted?.addresses.length === 0 ? tables.filter(isInstalled) : tables
  })
}

/** Adds what is missing of an attachment's rules: one iptables-restore for each table. The caller holds the firewall's lock. @throws CniError */
export function add(filter: Filter): void {
  own(filter, filter.addresses)
  for (const part of partsOf(filter)) use(part, filter)
  for (const iptables of filter.tables ?? []) {
    const wanted = wantedIn(filter, iptables.family)
    if (wanted && !isAppended(iptables, wanted)) addMissing(iptables, wanted)
  }
}

/** Appends the rules where all else is there, which netlink tells of iptables-nft: one program less. @returns false when that is not so */
function isAppended(iptables: Iptables, wanted: Wanted): boolean {
  const { family, kind } = iptables
  const isNft = kind === 'nft' || (kind === undefined && hasXtable(family, 'filter') === false)
  if (!isNft || !unlessUnsupported(() => isReady(family, wanted))) return false
  try {
    restore(iptables, acceptRules(wanted), 'filter')
    return true
  } catch (error) {
    // Another program may have removed a chain meanwhile; or the system's default is iptables-legacy.
    if (error instanceof CniError) return false
    throw error
  }
}

function addMissing(iptables: Iptables, wanted: Wanted): void {
  const lines = additionOf(save(iptables, 'filter'), wanted)
  if (lines.length > 0) restore(iptables, lines, 'filter')
}

/** What an attachment shares with others: the rules for its bridge, and those of its policy there. */
function partsOf({ policy, through }: Filter): string[] {
  return policy === 'open' || through === undefined ? [] : [`iptables ${through}`, `${policy} ${through}`]
}

/** Whether the attachment was the last one of its bridge, or of its policy there. */
function lastOf(filter: Filter, { unused }: Released): Last {
  const [bridge, policy] = partsOf(filter).map((part) => unused.includes(part))
  return bridge ? 'bridge' : policy ? 'policy' : undefined
}

/** An attachment's rules in a family; undefined when it has none. */
function wantedIn(filter: Filter, family: Family): Wanted | undefined {
  const addresses = ofFamily(filter.addresses, family)
  return addresses.length > 0 || filter.policy !== 'open' ? { ...filter, addresses } : undefined
}

function ofFamily(addresses: readonly string[], family: Family): string[] {
  return addresses.filter((text) => parseAddress(text)?.family === family)
}

/**
 * Where rules of containers are, ours or the reference's; in iptables-legacy only its programs can look.
 * @param recorded the tables that ADD used: only this tells where the kernel hides which tables there are
 */
function places(recorded: readonly Iptables[] = []): Iptables[] {
  const hasNft = (family: Family) => unlessUnsupported(() => hasLayout(family)) === true
  const wasUsed = (family: Family) => recorded.some((one) => one.family === family && one.kind !== 'nft')
  const hasLegacy = (family: Family) => hasXtable(family, 'filter') ?? wasUsed(family)
  return families.flatMap((family): Iptables[] => [
    ...(hasNft(family) ? [{ family, kind: 'nft' } as const] : []),
    ...(hasLegacy(family) ? [{ family, kind: 'legacy' } as const] : []),
  ])
}

/** Removes an attachment's rules from both kinds of iptables, except those for addresses that another attachment has got. */
export function remove(filter: Filter): void {
  const released = releaseAll(partsOf(filter), filter)
  const last = lastOf(filter, released)
  const wanted = { ...filter, addresses: ownedBy(filter, filter.addresses) }
  const all = places(filter.tables)
  const ofNft = all.filter(({ kind }) => kind === 'nft').map(({ family }) => family)
  if (ofNft.length > 0) removeByNetlink(ofNft, wanted, last)
  for (const place of all.filter(({ kind }) => kind === 'legacy')) removeFromLegacy(place, wanted, last)
  disown(wanted.addresses)
  runAllNow(released.failures)
}

function removeFromLegacy(iptables: Iptables, wanted: Wanted, last: Last): void {
  const addresses = ofFamily(wanted.addresses, iptables.family)
  const isConcerned = addresses.length > 0 || last !== undefined
  if (isConcerned && isInstalled(iptables)) removeByProgram(iptables, { ...wanted, addresses }, last)
}

/** A failure is ignored when another process has removed the rules meanwhile. */
function removeByProgram(iptables: Iptables, wanted: Wanted, last: Last): void {
  const lines = () => removalOf(save(iptables, 'filter'), wanted, last)
  const first = lines()
  if (first.length === 0) return
  try {
    restore(iptables, first, 'filter')
  } catch (error) {
    const again = lines()
    if (again.length === 0) return
    if (again.join() === first.join()) throw error
    restore(iptables, again, 'filter')
  }
}

/** @throws CniError that names the missing rule */
export function check(filter: Filter): void {
  for (const iptables of filter.tables ?? placesWith(filter.addresses)) {
    const wanted = wantedIn(filter, iptables.family)
    if (wanted) checkIn(iptables, wanted)
  }
}

function checkIn(iptables: Iptables, wanted: Wanted): void {
  const lacking = firstMissing(save(iptables, 'filter'), wanted)
  const program = iptables.family === 4 ? 'iptables' : 'ip6tables'
  if (lacking !== undefined)
    throw missing(`${program} has no rule ${lacking} in table filter`, `${program}-save -t filter`)
}

/** Whether iptables has rules for addresses: for an attachment without a record, which the reference has attached. */
export function has(addresses: readonly string[]): boolean {
  return placesWith(addresses).length > 0
}

function placesWith(addresses: readonly string[]): Iptables[] {
  return places().filter((place) => {
    const { family, kind } = place
    if (kind === 'nft') return rulesFor(family, forward, addresses).length > 0
    return isInstalled(place) && namesAny(save(place, 'filter'), addresses)
  })
}
