/** STATUS: whether the next ADD can get addresses. */

import { CniError, Code, toCniError } from '../../error/error.ts'
import { draftFile } from '../../kernel/draft.ts'
import { allocate } from '../allocate.ts'
import { formatRangeSet, type RangeSet } from '../range.ts'
import { type Clash, findClash } from './clashes.ts'
import { graceOf, rangeSets } from './config.ts'
import { fullness } from './exhausted.ts'
import { directoryOf, explained, looking, makeStore } from './open.ts'
import type { HostLocalRequest } from './request.ts'
import { expired } from './sticky.ts'
import { lastReserved, type Store } from './store.ts'

/**
 * Warns when a range set has no free address, since a DEL or GC may free one, and when another network gives the same addresses on the
 * same segment. Runtimes ask all the time, and an error makes the node NotReady.
 * @throws CniError of code 50 when no reservation can be written, or by `statusWhenFull`
 */
export function requireReady({ config, network, log, segment }: HostLocalRequest): void {
  const directory = directoryOf(config.ipam.dataDir, network)
  const sets = rangeSets(config)
  const full = tryStore(directory, () =>
    looking(directory, log, (store) => firstFull(store, sets, graceOf(config))),
  )
  if (full && config.ipam.statusWhenFull === 'fail') throw full
  if (full) log.warn(full.message)
  const clash = findClash(directory, segment, sets)
  if (clash) log.warn(clashing(clash))
}

function firstFull(store: Store, sets: readonly RangeSet[], grace: number): CniError | undefined {
  const isFull = (set: RangeSet, at: number) =>
    !allocate(set, store.index.firstFree, lastReserved(store, at)) && expired(store, grace).length === 0
  const index = sets.findIndex(isFull)
  const set = sets[index]
  if (!set) return undefined
  return new CniError(Code.PluginNotAvailable, {
    msg: `no IP addresses available in range set: ${formatRangeSet(set)}`,
    details: fullness(store, index, set),
    hint: `widen the range, or run GC; list the holders: grep -r . ${store.directory}`,
  })
}

function clashing({ directory, own, other }: Clash): string {
  return (
    `range ${own} clashes with ${other} of another network on the same segment: ${directory}: each may give an address that a container ` +
    'of the other has: divide the range between the two, or give both the same name; if the other network is not used, remove its directory'
  )
}

/** Checks that a file can be written to the directory, then runs the action. */
function tryStore<T>(directory: string, action: () => T): T {
  try {
    return explained(directory, () => {
      makeStore(directory)
      draftFile(directory, 'status').close()
      return action()
    })
  } catch (cause) {
    const { complaint } = toCniError(cause)
    const msg = `reservations cannot be kept in ${directory}: ${complaint.msg}`
    throw new CniError(Code.PluginNotAvailable, { ...complaint, msg, cause })
  }
}
