/** The end of the roll call after a restore: which hosts have confirmed what they hold, and the opening of the epoch. */

import { type Protocol, read, transact } from '../protocol.ts'
import {
  block as blockSchema,
  type Epoch,
  epoch as epochSchema,
  host as hostSchema,
  single as singleSchema,
} from '../values.ts'
import { changed, cutShort, unconfirmed } from './errors.ts'
import { entriesBelow } from './pages.ts'
import type { Operator } from './pools.ts'
import { allKnown, type Known, known } from './value.ts'

export interface RollCall {
  epoch?: Known<Epoch> | undefined
  /** Names of hosts. Those that joined after the backup, and have not entered again, are in neither list. */
  confirmed: readonly string[]
  missing: readonly string[]
  /** Names under which something is left of hosts that are gone. */
  left: readonly string[]
}

export function* rollCall({ keys, report }: Operator): Protocol<RollCall> {
  const { entries } = yield* read({ from: keys.epoch })
  const epoch = known(epochSchema, entries[0], report)
  // Before hosts: a release removes the host's key first.
  const blocks = allKnown(blockSchema, yield* entriesBelow(keys.blocks()), report)
  const singles = allKnown(singleSchema, yield* entriesBelow(keys.singles()), report)
  const hosts = allKnown(hostSchema, yield* entriesBelow(keys.hosts), report)
  const namesOf = (isThere: boolean) =>
    hosts
      .filter(({ value }) => (value.epoch === epoch?.value.id) === isThere)
      .map(({ key }) => key.slice(keys.hosts.length))
  const parts = [...blocks, ...singles].map(({ value }) => value)
  const left = leftBy(
    parts,
    hosts.map(({ value }) => value),
  )
  return { epoch, confirmed: namesOf(true), missing: namesOf(false), left }
}

/** The names under which hosts hold something whose ID no key has: their release was cut short. */
export function leftBy(
  parts: readonly { host: string; id: string }[],
  hosts: Iterable<{ id: string }>,
): string[] {
  const ids = new Set([...hosts].map(({ id }) => id))
  return [...new Set(parts.filter(({ id }) => !ids.has(id)).map(({ host }) => host))].sort()
}

/**
 * Opens the epoch: hosts claim blocks again. What is left of hosts that are gone is freed before: afterwards no host would be asked whether it has
 * the same, from before the restore.
 * @param anyway although hosts are missing: what they hold and the store does not know may be given to others
 * @throws CniError of code 11 when hosts are missing, or something is left of others, or the epoch has changed
 */
export function* recover(operator: Operator, anyway = false): Protocol<RollCall> {
  const call = yield* rollCall(operator)
  const { epoch, missing, left } = call
  if (!epoch || epoch.value.state === 'open') return call
  if (missing.length > 0 && !anyway) throw unconfirmed(missing)
  if (left.length > 0 && !anyway) throw cutShort(left)
  const { key, modified, value } = epoch
  const opened: Epoch = { ...value, state: 'open' }
  const { succeeded } = yield* transact({
    when: [{ key, modified }],
    do: [{ put: { key, value: JSON.stringify(opened) } }],
  })
  if (!succeeded) throw changed('the epoch')
  return { ...call, epoch: { ...epoch, value: opened } }
}
