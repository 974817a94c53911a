/** Restores what live attachments have in the firewall, after another program has removed it: `nft flush ruleset`, `firewall-cmd --reload`. */

import { type CniError, toCniError } from '../error/error.ts'
import type { Recorded } from '../state/former.ts'
import { noted } from '../state/noted.ts'
import { isEnded } from './ended.ts'
import { type FirewallFeature, withFeatureLock } from './feature-lock.ts'

/** The records of a feature. */
interface Kept {
  all(): Recorded[]
  find(attachment: Recorded): Recorded | undefined
}

/** A kind of thing that attachments have in the firewall. */
interface Feature {
  name: FirewallFeature
  /** Loads its code: where its records are, what adds what is missing of one, and what is done when all are. */
  load(): Promise<{ kept: Kept; again(record: never): Promise<void>; end?(): Promise<void> }>
}

const features: Feature[] = [
  {
    name: 'ipMasq',
    load: async () => ({
      kept: noted('firewall/ipMasq'),
      again: (await import('./masquerade.ts')).reapplyMasquerade,
    }),
  },
  {
    name: 'macspoofchk',
    load: async () => ({
      kept: noted('firewall/macspoofchk'),
      again: (await import('./macspoofchk.ts')).reapplyMacSpoofCheck,
    }),
  },
  {
    name: 'portmap',
    load: async () => ({
      kept: (await import('./portmap-record.ts')).kept,
      again: (await import('./portmap-reapply.ts')).reapplyPortmap,
      end: (await import('./portmap-reapply.ts')).endReapply,
    }),
  },
  {
    name: 'firewall',
    load: async () => ({
      kept: (await import('./filter-record.ts')).kept,
      again: (await import('./filter.ts')).reapplyFilter,
    }),
  },
]

/** What became of one attachment. */
export interface Reapplied {
  feature: FirewallFeature
  attachment: Recorded
  error?: CniError
}

/**
 * Adds what is missing of all live attachments; after a failure goes on with the next. An attachment whose namespace is gone is left out.
 * @param isDry adds nothing, and reports the attachments that have records
 */
export async function reapply(report: (outcome: Reapplied) => void, isDry = false): Promise<void> {
  for (const { name: feature, load } of features) {
    const { kept, again, end } = await load()
    for (const attachment of kept.all()) {
      if (isEnded(attachment)) continue
      // A DEL may have removed the record since it was listed.
      const restore = async () => {
        const record = kept.find(attachment)
        if (record && !isDry) await again(record as never)
        return record !== undefined
      }
      const outcome = await withFeatureLock(feature, restore).catch(toCniError)
      if (outcome !== false) report({ feature, attachment, error: outcome === true ? undefined : outcome })
    }
    if (end && !isDry) await withFeatureLock(feature, end)
  }
}
