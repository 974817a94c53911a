/** DEL and GC: leases are given back, and the journal forgets them. */

import type { Attachment } from '../../cni/plugin.ts'
import { runAllNow } from '../../error/steps.ts'
import type { DhcpRequest } from './identity.ts'
import { type Entry, entryOf, journal } from './journal.ts'
import { takeEntry, withJournal } from './journal-changes.ts'
import { giveBack } from './release.ts'

/** Gives back what the attachment has. Without an entry, as for a container that another plugin has served, there is nothing to do. */
export function del(request: DhcpRequest): void {
  const entry = entryOf(request)
  if (entry) end(entry, request)
  else forgetTrace(request)
}

/** Gives back what attachments have that are not valid any more. */
export function gc(request: DhcpRequest): void {
  const stale = journal.stale(request.network, request.validAttachments)
  runAllNow(stale.map((entry) => () => end(entry, request)))
}

/** Forgotten first: `patchbay dhcp` asks for no lease then that is being given back. */
function end(entry: Entry, { log }: DhcpRequest): void {
  giveBack(takeEntry(entry), log)
}

/** What a killed ADD has left. */
function forgetTrace(attachment: Attachment): void {
  if (journal.hasTrace(attachment)) withJournal(() => journal.forget(attachment))
}
