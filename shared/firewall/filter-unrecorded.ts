/**
 * Elements of attachments whose records are gone, as when /run/patchbay was deleted: GC finds them by their comments. The rules for a
 * bridge and those of iptables do not name an attachment, and stay.
 */

import type { Attachment } from '../cni/plugin.ts'
import { listTables } from '../netlink/nftables-chains.ts'
import { update } from '../netlink/nftables-transaction.ts'
import { acceptSets } from './accept-into.ts'
import { selfSets } from './isolation.ts'
import * as ports from './isolation-ports.ts'
import { chunks, deletion, listStale, netfilter, staleIn, stillThere } from './table.ts'

/** Removes the elements of a network's attachments that are not valid any more. @throws KernelError EOPNOTSUPP without nf_tables */
export function collectUnrecorded(network: string, valid: Omit<Attachment, 'network'>[]): void {
  const isStale = staleIn(network, valid)
  for (const set of [...selfSets, ...ports.sets, ...listTables(netfilter()).flatMap(acceptSets)])
    for (const part of chunks(listStale(set, isStale)))
      update(netfilter(), () => deletion(set, stillThere(set, part)))
  update(netfilter(), ports.removalIfUnused)
}
