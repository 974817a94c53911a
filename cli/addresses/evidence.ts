/** Which containers have an address: by host-local's files, by the caches of runtimes, and by the kernel in their namespaces. */

import { type Address, formatAddress } from '../../shared/ip/address.ts'
import { parseCidr } from '../../shared/ip/subnet.ts'
import { isOfContainer } from '../../shared/ipam/host-local/holder-kind.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import type { Call } from '../form/verb.ts'
import type { AttachmentView, HostView } from '../host/attachment-view.ts'
import { addressesInside, pathInto } from '../host/inside.ts'
import type { Holder, Store } from './stores.ts'

export type Source = 'store' | 'cache' | 'kernel'

/** That a source gives an address to a container. */
export interface Claim {
  by: Source
  address: Address
  network: string
  container: string
  interface?: string
  /** Containers of one segment must not share an address. */
  segment: string
  view?: AttachmentView
}

/** Live containers' claims; those that have ended are left out. */
export function claimsOf(
  view: HostView,
  stores: readonly Store[],
  call: Pick<Call, 'complain' | 'progress'>,
): Claim[] {
  const byContainer = Map.groupBy(liveIn(view), ({ containerID }) => containerID)
  return [...claimsInFiles(view, stores), ...inNamespaces([...byContainer.values()], call)]
}

/** The same by host-local's files and the caches alone: no namespace is entered. */
export function claimsInFiles(view: HostView, stores: readonly Store[]): Claim[] {
  const segments = new Map(view.attachments.map((one) => [one.network, segmentOf(one)]))
  return [
    ...stores.flatMap(({ holders }) => holders.flatMap((holder) => byStore(holder, segments))),
    ...liveIn(view).flatMap(byCache),
  ]
}

const liveIn = ({ attachments }: HostView) => attachments.filter(({ life }) => life === 'lives')

/** @param segments of networks: for a holder of which no attachment is known */
function byStore(holder: Holder, segments: ReadonlyMap<string, string>): Claim[] {
  const { address, network, containerID, ifname, view, life } = holder
  if (life === 'ended' || !isOfContainer(holder)) return []
  const segment = view ? segmentOf(view) : (segments.get(network) ?? `network ${network}`)
  return [{ by: 'store', address, network, container: containerID, interface: ifname, segment, view }]
}

function byCache(view: AttachmentView): Claim[] {
  const addresses = (view.result?.addresses ?? []).flatMap((text) => parseCidr(text)?.address ?? [])
  return addresses.map((address) => ({ by: 'cache', address, ...claimant(view) }))
}

function claimant(view: AttachmentView): Omit<Claim, 'by' | 'address'> {
  const { network, containerID, ifname } = view
  return { network, container: containerID, interface: ifname, segment: segmentOf(view), view }
}

/** Containers on one bridge or parent, and those to which the host routes, are on one segment; others only with those of their network. */
function segmentOf({ parent, end, network }: AttachmentView): string {
  if (parent !== undefined) return `link ${parent}`
  return end ? 'routed by the host' : `network ${network}`
}

/** Enters each namespace once. Without root the first one says so. */
function inNamespaces(
  containers: readonly (readonly AttachmentView[])[],
  { complain, progress }: Pick<Call, 'complain' | 'progress'>,
): Claim[] {
  const claims: Claim[] = []
  for (const views of containers) {
    const path = pathInto(views.flatMap(({ places }) => places))
    if (path === undefined) continue
    progress(`looks into ${path}`)
    try {
      claims.push(...inNamespace(path, views))
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'EINVAL')) continue
      if (!isErrno(error, 'EPERM', 'EACCES')) throw error
      complain(path, { msg: 'left out: only root can look into a namespace' })
      return claims
    }
  }
  return claims
}

const UNIVERSE = 0

/** An address is that of the attachment whose result or files have it, and else of the one whose range has it. */
function inNamespace(path: string, views: readonly AttachmentView[]): Claim[] {
  const addresses = addressesInside(path).filter(({ scope }) => scope === UNIVERSE)
  return addresses.flatMap(({ address }) => {
    const text = formatAddress(address)
    const has = ({ addresses }: AttachmentView) => addresses.some((one) => one.split('/')[0] === text)
    const view = views.find(has) ?? views[0]
    return view ? [{ by: 'kernel' as const, address, ...claimant(view) }] : []
  })
}
