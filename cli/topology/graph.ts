/** The node as groups: each network with the link that it is on, and its containers; and the host's own links. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { formatCidr } from '../../shared/ip/subnet.ts'
import { listAllAddresses } from '../../shared/netlink/address.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { parseVlan } from '../../shared/netlink/vlan.ts'
import { parseVxlan } from '../../shared/netlink/vxlan.ts'
import type { AttachmentView, HostView } from '../host/attachment-view.ts'
import { type HostLinks, isPair } from '../host/host-links.ts'
import { networkNames } from '../host/require-network.ts'

/** A link of the host that is no end of a container's pair. */
export interface HostLink {
  name: string
  /** `bridge`, `vxlan`, …; `NIC` for hardware. */
  kind: string
  up: boolean
  addresses: string[]
  /** The bridge or bond that it is a port of. */
  master?: string
  /** The link that it sends by: of a VLAN, a VTEP, a macvlan. */
  over?: string
  vni?: number
  vlan?: number
}

/** The containers of a network on one link of the host. */
export interface Group {
  network: string
  /** The first plugin's type; empty when no file tells it. */
  type: string
  /** The bridge or NIC; undefined when the host routes to each container, or the containers have no link to the host. */
  on?: HostLink
  /** Its name also when it is gone. */
  onName?: string
  /** What leads out of the bridge: its ports that are no containers. */
  uplinks: HostLink[]
  attachments: AttachmentView[]
}

export interface Graph {
  groups: Group[]
  /** In the kernel's order. */
  links: HostLink[]
}

/** @param only the network that is asked for */
export function graphOf({ host, links, attachments }: HostView, only?: string): Graph {
  const hostLinks = hostLinksOf(links, attachments)
  const byName = new Map(hostLinks.map((link) => [link.name, link]))
  const wanted = attachments.filter(({ network }) => network === (only ?? network))
  const byGroup = Map.groupBy(wanted, ({ network, parent }) => `${network} ${parent ?? ''}`)
  const groups = [...byGroup.values()].flatMap((own) => groupOf(own, byName, hostLinks))
  const used = new Set(wanted.map(({ network }) => network))
  const empty = networkNames(host).filter((name) => !used.has(name) && name === (only ?? name))
  const types = new Map(
    host.configurations.configured.toReversed().map(({ network, type }) => [network, type]),
  )
  return {
    groups: [
      ...groups,
      ...empty.map((network) => ({ network, type: types.get(network) ?? '', uplinks: [], attachments: [] })),
    ],
    links: hostLinks,
  }
}

function groupOf(
  attachments: AttachmentView[],
  byName: ReadonlyMap<string, HostLink>,
  links: readonly HostLink[],
): Group[] {
  const [first] = attachments
  if (!first) return []
  const { network, parent } = first
  const on = parent === undefined ? undefined : byName.get(parent)
  const uplinks = on?.kind === 'bridge' ? links.filter(({ master }) => master === on.name) : []
  const type = attachments.flatMap(({ types }) => types[0] ?? [])[0] ?? ''
  return [{ network, type, on, onName: parent, uplinks, attachments }]
}

/** Links that nothing but loopback and containers use are left out. */
function hostLinksOf({ all, byIndex }: HostLinks, attachments: readonly AttachmentView[]): HostLink[] {
  const ends = new Set(attachments.flatMap(({ end }) => end?.index ?? []))
  const shown = all.filter(
    (link) => !ends.has(link.index) && link.name !== 'lo' && link.kind !== 'ifb' && !isForeignEnd(link),
  )
  const indexes = new Set(shown.map(({ index }) => index))
  const addresses = Map.groupBy(
    listAllAddresses(hostSocket()).filter(({ link, scope }) => scope === 0 && indexes.has(link)),
    ({ link }) => link,
  )
  const nameOf = (index: number | undefined) => (index === undefined ? undefined : byIndex.get(index)?.name)
  return shown.map((link) => {
    const [master, over] = [
      nameOf(link.master),
      isPair(link) || link.parentNamespace !== undefined ? undefined : nameOf(link.parent),
    ]
    return {
      ...{ name: link.name, kind: link.kind ?? 'NIC', up: link.up },
      addresses: (addresses.get(link.index) ?? []).map(formatCidr),
      ...(master !== undefined && { master }),
      ...(over !== undefined && { over }),
      ...tagsOf(link, nameOf),
    }
  })
}

/** The host's end of a pair whose other end is in another namespace, of a container that no file names. */
function isForeignEnd(link: Link): boolean {
  return isPair(link) && link.parentNamespace !== undefined && link.alias !== undefined
}

function tagsOf({ kind, data }: Link, nameOf: (index?: number) => string | undefined): Partial<HostLink> {
  if (!data) return {}
  if (kind === 'vlan') return { vlan: parseVlan(data).id }
  if (kind !== 'vxlan') return {}
  const { vni, dev } = parseVxlan(data)
  const over = nameOf(dev)
  return { vni, ...(over !== undefined && { over }) }
}
