/**
 * Epochs: how a host notices that etcd was restored from a backup. The index of the last applied raft entry less the revision never falls,
 * since each revision has an entry, and a restore begins a new raft log.
 */

import { type Protocol, read, StoreAway, status, transact } from '../protocol.ts'
import type { Epoch } from '../values.ts'
import { closed, restored } from './errors.ts'
import type { Host, Session } from './host.ts'
import type { Known } from './value.ts'

/** Whether the raft log is another than when the epoch began. */
export function* isRestored({ keys }: Pick<Host, 'keys'>, epoch: Known<Epoch>): Protocol<boolean> {
  if (!(yield* seemsRestored(epoch))) return false
  // A member that takes over another's snapshot has the new revision before the new index: after this read it has both.
  yield* read({ from: keys.epoch })
  return yield* seemsRestored(epoch)
}

/** A member answers with its revision first: one entry may count there already, and not yet in the index. */
function* seemsRestored({ value, modified }: Known<Epoch>): Protocol<boolean> {
  const { revision, appliedIndex } = yield* status()
  if (revision < modified) throw new StoreAway('the member of etcd that answered lags behind')
  return appliedIndex + 1 - revision < value.offset
}

/**
 * Called when a block was claimed, before it is used: etcd may have been restored between the last look and the transaction.
 * @throws CniError of code 11: the block's note stays `claiming`, and the next `enter` gives it back
 */
export function* verify(session: Session): Protocol<void> {
  if (yield* isRestored(session.host, session.epoch)) throw restored()
}

/** @throws CniError of code 11 while hosts confirm what they hold */
export function requireOpen({ epoch }: Pick<Session, 'epoch'>): void {
  if (epoch.value.state === 'closed') throw closed(epoch.value.since)
}

/** Writes the first epoch of a store. It is closed if a network has blocks of another store: then perhaps all that etcd knew was lost. */
export function* beginStore(
  host: Pick<Host, 'keys' | 'now' | 'fresh'>,
  wasElsewhere: boolean,
): Protocol<void> {
  yield* begin(host, { store: host.fresh(), state: wasElsewhere ? 'closed' : 'open' }, 0)
}

/** Writes the epoch after a restore. Another host may be first: the caller looks again. */
export function* beginEpoch(host: Host, { value, modified }: Known<Epoch>): Protocol<void> {
  yield* begin(host, { ...value, state: 'closed' }, modified)
}

function* begin(
  host: Pick<Host, 'keys' | 'now' | 'fresh'>,
  what: Pick<Epoch, 'store' | 'state'>,
  modified: number,
): Protocol<void> {
  const { keys, now } = host
  const { appliedIndex } = yield* status()
  // The revision is read after the index: so the offset is not too great, whatever others write meanwhile.
  const { revision } = yield* read({ from: keys.epoch })
  const epoch: Epoch = { ...what, id: host.fresh(), offset: appliedIndex - revision, since: now }
  yield* transact({
    when: [{ key: keys.epoch, modified }],
    do: [{ put: { key: keys.epoch, value: JSON.stringify(epoch) } }],
  })
}
