/** What protocols with the store change of host-local's reservations, each under the network's lock: ADD reads what is held under the same. */

import { silent } from '../../error/log.ts'
import { formatAddress, parseAddress } from '../../ip/address.ts'
import { contains, parseCidr } from '../../ip/subnet.ts'
import { draftFile } from '../../kernel/draft.ts'
import { sync } from '../../kernel/durable.ts'
import type { DiskAnswer, Reserving } from '../../store/protocol.ts'
import { lentTo } from '../host-local/holder-kind.ts'
import { directoryOf, explained, makeStore, withStore } from '../host-local/open.ts'
import { isHeldBy, type Reservation, recordOf, reservationOf, reservations } from '../host-local/records.ts'
import { release, reserve, type Store } from '../host-local/store.ts'

/** The interface in records of addresses that are lent. */
const ifname = 'pool'

type Place = Pick<Reserving, 'dataDir' | 'network'>

function inStore({ dataDir, network }: Place, action: (store: Store) => DiskAnswer): DiskAnswer {
  const directory = directoryOf(dataDir, network)
  return explained(directory, () => {
    makeStore(directory)
    return withStore<DiskAnswer>(directory, silent, action)
  })
}

/** Runs an action, such as the change of what is held, if no address of a block, or not this address, is reserved. @throws CniError */
export function ifEmpty(place: Place, part: string, action: () => void): DiskAnswer {
  const block = parseCidr(part)
  const isIn = ({ file, address }: Reservation) => (block ? contains(block, address) : file === part)
  return inStore(place, ({ directory }) => {
    const taken = reservations(directory).find(isIn)
    if (taken) return { done: false, reason: takenBy(taken) }
    action()
    return { done: true }
  })
}

function takenBy({ file, containerID }: Reservation): string {
  return `container ${containerID} has ${file}`
}

/** Reserves an address for another host. It outlives a power loss: that host's container does, too. @throws CniError */
export function lend(lending: Reserving): DiskAnswer {
  const address = parseAddress(lending.address)
  if (!address) return { done: false, reason: 'it is no address' }
  const directory = directoryOf(lending.dataDir, lending.network)
  const holder = { containerID: lentTo(lending.host), ifname }
  const answer = inStore(lending, (store) => {
    const found = reservationOf(directory, address)
    if (found) return isHeldBy(found, holder) ? { done: true } : { done: false, reason: takenBy(found) }
    const draft = draftFile(directory, recordOf(holder), true)
    try {
      const file = formatAddress(address)
      return { done: reserve(store, draft, { address, file, ...holder }, {}) }
    } finally {
      draft.close()
    }
  })
  sync(`${directory}/.`)
  return answer
}

/** Releases an address that is lent to the host. @throws CniError */
export function takeBack(lending: Reserving): DiskAnswer {
  const address = parseAddress(lending.address)
  const holder = { containerID: lentTo(lending.host), ifname }
  return inStore(lending, (store) => {
    const found = address && reservationOf(store.directory, address)
    if (!found || !isHeldBy(found, holder)) return { done: false }
    release(store, found)
    return { done: true }
  })
}
