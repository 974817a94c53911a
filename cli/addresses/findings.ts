/** Compares host-local's files, caches and the kernel: leaked, duplicate and unrecorded addresses. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { isOfContainer } from '../../shared/ipam/host-local/holder-kind.ts'
import { rangeOf, roleOf } from '../../shared/ipam/range.ts'
import type { AttachmentView } from '../host/attachment-view.ts'
import type { Claim, Source } from './evidence.ts'
import type { NetworkRange } from './ranges.ts'
import type { Holder, Store } from './stores.ts'

/** A container that has the address, and by what. */
export interface Having {
  network: string
  container: string
  interface?: string
  pod?: string
  namespace?: string
  by: Source[]
}

/** One address with a fault. `leaked` has the holder that ended, and the live containers that have the address all the same. */
export type Finding =
  | { kind: 'leaked'; address: string; holder: Holder; usedBy: Having[] }
  | { kind: 'duplicate' | 'unrecorded'; address: string; network: string; containers: Having[] }

/** @param claims of live containers */
export function findingsOf(
  stores: readonly Store[],
  ranges: readonly NetworkRange[],
  claims: readonly Claim[],
): Finding[] {
  const bySegment = Map.groupBy(claims, ({ segment, address }) => `${formatAddress(address)} ${segment}`)
  const byNetwork = Map.groupBy(claims, ({ network, address }) => `${formatAddress(address)} ${network}`)
  const usersOf = ({ file, network }: Holder) => havingIn(byNetwork.get(`${file} ${network}`) ?? [])
  return [
    ...stores
      .flatMap(({ holders }) => holders.filter(isLeaked))
      .map((holder) => leaked(holder, usersOf(holder))),
    ...[...bySegment.values()].flatMap((group) => duplicate(group)),
    ...[...bySegment.values()].flatMap((group) => unrecorded(group, ranges)),
  ]
}

function isLeaked(holder: Holder): boolean {
  return holder.life === 'ended' && isOfContainer(holder)
}

function leaked(holder: Holder, usedBy: Having[]): Finding {
  return { kind: 'leaked', address: holder.file, holder, usedBy }
}

/** @param claims all of one address on one segment */
function duplicate(claims: readonly Claim[]): Finding[] {
  const [first] = claims
  const containers = havingIn(claims)
  if (!first || containers.length < 2) return []
  return [{ kind: 'duplicate', address: formatAddress(first.address), network: first.network, containers }]
}

/** An address of a range that host-local may give again, since no file has it. */
function unrecorded(claims: readonly Claim[], ranges: readonly NetworkRange[]): Finding[] {
  const [first] = claims
  if (!first || claims.some(({ by }) => by === 'store')) return []
  const own = claims.filter(({ network, address }) => isInRange(network, address, ranges))
  const containers = havingIn(own)
  if (!own[0] || containers.length === 0) return []
  return [{ kind: 'unrecorded', address: formatAddress(first.address), network: own[0].network, containers }]
}

function isInRange(network: string, address: Address, ranges: readonly NetworkRange[]): boolean {
  return ranges.some(
    (range) => range.network === network && rangeOf(range.set, address) && !roleOf(range.set, address),
  )
}

/** Containers with several interfaces count once. */
function havingIn(claims: readonly Claim[]): Having[] {
  const byContainer = Map.groupBy(claims, ({ container }) => container)
  return [...byContainer.values()].flatMap((own) => {
    const [first] = own
    if (!first) return []
    const view: AttachmentView | undefined = own.find((one) => one.view)?.view
    return [
      {
        ...{ network: first.network, container: first.container },
        ...(first.interface !== undefined && { interface: first.interface }),
        ...(view?.pod !== undefined && { pod: view.pod }),
        ...(view?.places[0] && { namespace: view.places[0].path }),
        by: [...new Set(own.map(({ by }) => by))],
      },
    ]
  })
}
