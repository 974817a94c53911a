/** Faults of plugins, lists, runtimes, state and addresses, in the order in which they are looked for. */

import type { Fault } from '../frame/fault.ts'
import { duplicateAddress, rangeFull } from './addresses.ts'
import { endedAttachment, orphanAddress, orphanRecord } from './ended.ts'
import { leaseExpired, leaseOverdue, leasesNotRenewed } from './leases.ts'
import { openList, readableSecret } from './list-files.ts'
import { damagedList, duplicateNetwork, severalLists } from './lists.ts'
import { noList } from './no-list.ts'
import { danglingPlugin, pluginArchitecture, pluginNotExecutable, pluginsNoexec } from './plugin-problems.ts'
import { loopbackMissing, pluginElsewhere, pluginMissing, shadowedPlugin } from './plugins.ts'
import { addressUnheld, blockDisputed, claimUnanswered, poolFileDamaged } from './pools.ts'
import {
  damagedEntry,
  damagedRecord,
  filesOfFuture,
  namelessAddress,
  recordsOfFormerBoot,
} from './records.ts'
import { referenceDhcp } from './reference-dhcp.ts'
import { stateFull, stateReadOnly } from './state.ts'
import { agentMissing, agentStopped, storeKeyReadable } from './store.ts'
import { versionTooNew } from './versions.ts'

export const nodeFaults: readonly Fault[] = [
  ...[pluginElsewhere, pluginMissing, danglingPlugin, pluginNotExecutable, pluginArchitecture],
  ...[pluginsNoexec, loopbackMissing, shadowedPlugin],
  ...[noList, damagedList, duplicateNetwork, severalLists, versionTooNew, openList, readableSecret],
  ...[stateReadOnly, stateFull, damagedRecord, damagedEntry, namelessAddress],
  ...[filesOfFuture, recordsOfFormerBoot],
  ...[agentMissing, agentStopped, storeKeyReadable],
  ...[poolFileDamaged, blockDisputed, addressUnheld, claimUnanswered],
  ...[leasesNotRenewed, leaseExpired, leaseOverdue, referenceDhcp],
  ...[endedAttachment, orphanAddress, orphanRecord, rangeFull, duplicateAddress],
]
