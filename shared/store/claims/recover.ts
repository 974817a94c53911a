/** The end of the roll call after a restore: which hosts have confirmed what they hold, and the opening of the epoch. */

import { allBelow } from '../keys.ts'
import { type Protocol, read, transact } from '../protocol.ts'
import { type Epoch, epoch as epochSchema, host as hostSchema } from '../values.ts'
import { changed, unconfirmed } from './errors.ts'
import type { Operator } from './pools.ts'
import { allKnown, type Known, known } from './value.ts'

export interface RollCall {
  epoch?: Known<Epoch> | undefined
  /** Names of hosts. Those that joined after the backup, and have not entered again, are in neither list. */
  confirmed: readonly string[]
  missing: readonly string[]
}

export function* rollCall({ keys, report }: Operator): Protocol<RollCall> {
  const { entries } = yield* read({ from: keys.epoch })
  const epoch = known(epochSchema, entries[0], report)
  const found = yield* read(allBelow(keys.hosts))
  const hosts = allKnown(hostSchema, found.entries, report).map(({ key, value }) => ({
    name: key.slice(keys.hosts.length),
    isThere: value.epoch === epoch?.value.id,
  }))
  const names = (isThere: boolean) => hosts.filter((one) => one.isThere === isThere).map(({ name }) => name)
  return { epoch, confirmed: names(true), missing: names(false) }
}

/**
 * Opens the epoch: hosts claim blocks again.
 * @param anyway although hosts are missing: what they hold and the store does not know may be given to others
 * @throws CniError of code 11 when hosts are missing, or the epoch has changed
 */
export function* recover(operator: Operator, anyway = false): Protocol<RollCall> {
  const call = yield* rollCall(operator)
  const { epoch, missing } = call
  if (!epoch || epoch.value.state === 'open') return call
  if (missing.length > 0 && !anyway) throw unconfirmed(missing)
  const { key, modified, value } = epoch
  const opened: Epoch = { ...value, state: 'open' }
  const { succeeded } = yield* transact({
    when: [{ key, modified }],
    do: [{ put: { key, value: JSON.stringify(opened) } }],
  })
  if (!succeeded) throw changed('the epoch')
  return { ...call, epoch: { ...epoch, value: opened } }
}
