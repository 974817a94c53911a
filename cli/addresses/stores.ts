/** The addresses that host-local has given on this host, each with its holder and whether that lives. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import { borrowerOf } from '../../shared/ipam/host-local/holder-kind.ts'
import { type Held, takenIn } from '../../shared/ipam/host-local/holders.ts'
import { directoryOf } from '../../shared/ipam/host-local/open.ts'
import { parkedKey } from '../../shared/ipam/host-local/sticky.ts'
import { optional } from '../form/optional.ts'
import { compared } from '../form/sort.ts'
import { holderOf, networksBelow } from '../host/addresses.ts'
import type { AttachmentView, HostView } from '../host/attachment-view.ts'
import type { Life } from '../host/containers.ts'
import { type LeftOut, trying } from '../host/left-out.ts'

/** The addresses of one network. */
export interface Store {
  network: string
  /** Of the records. */
  directory: string
  holders: Holder[]
}

/** An address, and what holds it. */
export interface Holder extends Held {
  network: string
  directory: string
  life: Life
  /** Kept for a later container by this name; no container holds it. */
  parked?: string
  /** Lent to this host, which asked for it; no container here holds it. */
  lentTo?: string
  /** The attachment that has it. */
  view?: AttachmentView
}

/** All stores of this host, sorted by network. @param only the network that is asked for */
export function storesOf({ host, attachments }: HostView, leftOut: LeftOut, only?: string): Store[] {
  const views = new Map(attachments.map((view) => [attachmentKey(view), view]))
  const lives = new Map(host.containers.map(({ id, life }) => [id, life]))
  const stores = host.dataDirs.flatMap((dataDir) =>
    networksIn(dataDir, leftOut)
      .filter((network) => network === (only ?? network))
      .map((network) => readStore(directoryOf(dataDir, network), network, leftOut)),
  )
  for (const { network, holders } of stores)
    for (const holder of holders) {
      holder.view = views.get(attachmentKey(holderOf(network, holder)))
      holder.life = lives.get(holder.containerID) ?? 'unknown'
    }
  return stores.sort((one, other) => compared(one.network, other.network))
}

function networksIn(dataDir: string, leftOut: LeftOut): string[] {
  return trying(dataDir, networksBelow, leftOut)
}

function readStore(directory: string, network: string, leftOut: LeftOut): Store {
  const holders = trying(directory, takenIn, leftOut).map((held): Holder => {
    const notOurs = optional({ parked: parkedKey(held), lentTo: borrowerOf(held) })
    return { ...held, ...notOurs, network, directory, life: 'unknown' }
  })
  return { network, directory, holders: holders.sort(byAddress) }
}

function byAddress({ address: one }: Held, { address: other }: Held): number {
  if (one.family !== other.family) return one.family - other.family
  return compared(one.value, other.value)
}
