/** What an attachment has whose record was lost or damaged: found by its notes at what it shares, and by the comments of elements. */

import type { Attachment } from '../cni/plugin.ts'
import { findAddresses } from './accept-into.ts'
import { type Filter, type ForeignChain, kept, plainFilter } from './filter-record.ts'
import { findPort } from './isolation-ports.ts'
import { addressesOwnedBy, partsUsedBy } from './shared-parts.ts'
import { unlessUnsupported } from './unsupported.ts'

/**
 * What is left to know of an attachment without a record; undefined when it has none because it had nothing.
 * @param unrecorded what the configuration and the earlier result say
 */
export function recover(attachment: Attachment, unrecorded?: Filter): Filter | undefined {
  const parts = partsUsedBy(attachment)
  if (parts.length === 0 && !kept.wasDamaged(attachment)) return undefined
  const named = (word: string) =>
    parts.flatMap((part) => (part.startsWith(word) ? part.slice(word.length) : []))
  const [byIptables] = named('iptables ')
  const through = byIptables ?? named('interface ')[0]
  const acceptInto = named('chain ').flatMap(chainOf)
  const port = unlessUnsupported(() => findPort(attachment))
  const isIsolated = port !== undefined || named('within ').length > 0 || named('isolated ').length > 0
  const base = { ...plainFilter(attachment), ...unrecorded }
  const known = [...base.addresses, ...addressesOwnedBy(attachment), ...findAddresses(attachment, acceptInto)]
  return {
    ...base,
    backEnd: byIptables === undefined ? 'nftables' : 'iptables',
    addresses: [...new Set(known)],
    policy: isIsolated ? 'isolated' : through === undefined ? 'open' : 'same-bridge',
    through,
    port,
    acceptInto,
  }
}

/** A chain in the words of its part: `inet filter forward`. */
function chainOf(words: string): ForeignChain[] {
  const [family = '', table = '', chain = ''] = words.split(' ')
  const isKnown = family === 'inet' || family === 'ip' || family === 'ip6'
  return isKnown && table && chain ? [{ family, table, chain }] : []
}
