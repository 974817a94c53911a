/** A network's name may change between ADD and DEL: the addresses are in the directory of its former name then. */

import { readEntry } from './attachments.ts'
import { siblings } from './clashes.ts'
import { entryName } from './entries.ts'
import { indexRoot } from './index.ts'
import type { Holder } from './records.ts'

/** The directories of other networks in the same dataDir whose index has an entry of the attachment. Their records decide. */
export function formerStores(directory: string, holder: Holder & { netns: string }): string[] {
  return siblings(directory).filter((other) => {
    const entry = readEntry(indexRoot(other), entryName(holder))
    const isElsewhere = entry?.netns && holder.netns && entry.netns.path !== holder.netns
    return entry !== undefined && !isElsewhere
  })
}
