/** STATUS: the next container could be served. */

import { CniError, Code, toCniError } from '../../cni/error.ts'
import { draftFile } from '../../kernel/draft.ts'
import { formatRangeSet } from '../range.ts'
import { graceOf, rangeSets } from './config.ts'
import { fullness } from './exhausted.ts'
import { type Clash, findClash } from './neighbours.ts'
import { directoryOf, explaining, makeStore, withStore } from './open.ts'
import type { HostLocalRequest } from './request.ts'
import { nextFree } from './reserve.ts'
import type { Store } from './store.ts'

/**
 * @throws CniError of code 50 when a range set has no address left, or nothing can be recorded; of code 51 when another
 *   network gives the same addresses on the same segment: containers can be wired, but two may be given the same
 */
export function requireReady({ config, network, log, segment }: HostLocalRequest): void {
  const directory = directoryOf(config.ipam.dataDir, network)
  const sets = rangeSets(config)
  const full = tryStore(directory, () =>
    withStore(directory, log, (store) => firstFull(store, sets, graceOf(config))),
  )
  if (full) throw full
  const clash = findClash(directory, segment, sets)
  if (clash) throw clashing(clash)
}

function firstFull(store: Store, sets: ReturnType<typeof rangeSets>, grace: number): CniError | undefined {
  const index = sets.findIndex((set, at) => !nextFree(store, at, set, { grace, avoid: [] }))
  const set = sets[index]
  if (!set) return undefined
  return new CniError(Code.PluginNotAvailable, {
    msg: `no IP addresses available in range set: ${formatRangeSet(set)}`,
    details: fullness(store, index, set),
    hint: `widen the range, or run GC; who holds what: grep -r . ${store.directory}`,
  })
}

function clashing({ directory, own, other }: Clash): CniError {
  return new CniError(Code.LimitedConnectivity, {
    msg: `range ${own} clashes with ${other} of another network on the same segment: ${directory}`,
    details: 'either may give an address that a container of the other has',
    hint: `divide the range between them, or give both one name; if that network is no more: rm -r ${directory}`,
  })
}

/** Does something with the store after a file could be written there. */
function tryStore<T>(directory: string, action: () => T): T {
  try {
    return explaining(directory, () => {
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
