/**
 * An entry and its interface change together. The journal is written first, with what was before, so that the next renewer completes a change in
 * which this one was killed; and where DEL was faster, nothing is changed.
 */

import type { Entry, EntryResult } from '../../shared/ipam/dhcp/journal.ts'
import { sameResult } from './entries.ts'
import type { Here } from './place.ts'
import { type Host, whose } from './renewer.ts'

/** @returns false when DEL or another ADD was faster @throws KernelError of the change: the entry still says what was before */
export function change(host: Host, here: Here, entry: Entry, next: Entry): boolean {
  if (!entry.former && sameResult(entry.now, next.now)) return host.journal.replace(entry, next)
  const former = entry.former ?? entry.now
  const begun = { ...next, former }
  if (!host.journal.replace(entry, begun)) return false
  const isTold = entry.former !== undefined && sameResult(entry.now, next.now)
  if (!isTold) tell(host, next, former)
  host.apply(here, former, next.now)
  return host.journal.replace(begun, completed(next))
}

function completed({ former: _, ...entry }: Entry): Entry {
  return entry
}

function tell({ log }: Host, entry: Entry, former: EntryResult): void {
  const [old, own] = [former, entry.now].map(({ ips }) => ips.map(({ address }) => address))
  const change = `${textOf(old)} to ${textOf(own)}`
  if (textOf(old) !== textOf(own))
    log.warn(
      `the address of ${whose(entry)} changed from ${change}: host ports and rules of other plugins still name the old one`,
    )
  else
    log.warn(`the routes, the MTU or the name servers of ${whose(entry)}, which has ${textOf(own)}, changed`)
  if (JSON.stringify(former.dns) !== JSON.stringify(entry.now.dns))
    log.warn(`${whose(entry)}: the container keeps the name servers that ADD gave it: its runtime wrote them`)
}

function textOf(addresses: readonly string[] = []): string {
  return addresses.join(', ') || 'none'
}
