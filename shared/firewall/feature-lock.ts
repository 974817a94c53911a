/** The lock of a kind of thing in the firewall: `patchbay reapply` adds nothing again while DEL or GC removes it and its record. */

import { withLockAwaiting, withLockIfPossible } from '../state/lock.ts'

/** What attachments have in the firewall. */
export type FirewallFeature = 'ipMasq' | 'macspoofchk' | 'portmap' | 'firewall'

/** The plugin `firewall` has one lock for all its changes (filter.ts). */
function lockOf(feature: FirewallFeature): string {
  return feature === 'firewall' ? feature : `firewall-${feature}`
}

/**
 * Runs an action under the lock of a feature. Hold it to remove elements together with their record, to add again what a record says, and
 * to look in several places before an addition in one.
 * @throws as `withStateLock`
 */
export function withFeatureLock<T>(feature: FirewallFeature, action: () => Promise<T>): Promise<T> {
  return withLockAwaiting(lockOf(feature), action)
}

/** The same for a removal, which a broken state directory does not stop: without records there is nothing that reapply could add again. */
export function withRemovalLock<T>(feature: FirewallFeature, action: () => Promise<T>): Promise<T> {
  return withLockIfPossible(lockOf(feature), action)
}
