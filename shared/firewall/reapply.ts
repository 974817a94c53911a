/** Restores what live attachments have in the firewall, after another program has removed it: `nft flush ruleset`, `firewall-cmd --reload`. */

import { type CniError, toCniError } from '../error/error.ts'
import { isEnded, type Recorded } from '../state/former.ts'
import { noted } from '../state/noted.ts'

/** A kind of thing that attachments have in the firewall. */
interface Feature {
  name: string
  /** Loads its code: all records, and what does one of them again. */
  load(): Promise<{ all: Recorded[]; again(record: never): Promise<void> }>
}

const features: Feature[] = [
  {
    name: 'ipMasq',
    load: async () => ({
      all: noted('firewall/ipMasq').all(),
      again: (await import('./masquerade.ts')).reapplyMasquerade,
    }),
  },
  {
    name: 'macspoofchk',
    load: async () => ({
      all: noted('firewall/macspoofchk').all(),
      again: (await import('./macspoofchk.ts')).reapplyMacSpoofCheck,
    }),
  },
  {
    name: 'portmap',
    load: async () => ({
      all: (await import('./portmap-record.ts')).kept.all(),
      again: (await import('./portmap.ts')).reapplyPortmap,
    }),
  },
  {
    name: 'firewall',
    load: async () => ({
      all: (await import('./filter-record.ts')).allFilters(),
      again: (await import('./filter.ts')).applyFilter,
    }),
  },
]

/** What became of one attachment. */
export interface Reapplied {
  feature: string
  attachment: Recorded
  error?: CniError
}

/** Does all records of live attachments again; after a failure goes on with the next. An attachment whose namespace is gone is left out. */
export async function reapply(report: (outcome: Reapplied) => void): Promise<void> {
  for (const { name: feature, load } of features) {
    const { all, again } = await load()
    for (const attachment of all) {
      if (isEnded(attachment)) continue
      const error = await again(attachment as never).then(() => undefined, toCniError)
      report({ feature, attachment, error })
    }
  }
}
