/** Each attachment of this host in one view: what runtimes' caches, records, host-local and the host's links say of it together. */

import { attachmentKey, interfaceHash } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { isObject } from '../../shared/config/json.ts'
import type { PortmapRecord } from '../../shared/firewall/portmap-record.ts'
import { type Entry, journal, journalDirectory } from '../../shared/ipam/dhcp/journal.ts'
import { stat } from '../../shared/kernel/stat.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { allNotes } from '../../shared/state/given-names.ts'
import { compared } from '../form/sort.ts'
import type { Cached } from './cache-entry.ts'
import { cachedChain, chainOf, podmanNetwork } from './chain.ts'
import type { Judged, Life } from './containers.ts'
import { type HostEnd, type HostLinks, isPair, listHostLinks } from './host-links.ts'
import { type HostPort, portRecords, portsOf } from './host-ports.ts'
import { currentFacts } from './lease-facts.ts'
import { type LeftOut, trying } from './left-out.ts'
import { type Host, lookAtHost } from './look.ts'
import type { Place } from './place.ts'
import { podOf } from './pod.ts'
import { recordedAddresses, timeOfRecords } from './record-facts.ts'
import { type ResultFacts, resultFacts } from './result-facts.ts'
import type { Sighting } from './sighting.ts'

export interface AttachmentView extends Attachment {
  /** `NAMESPACE/NAME`, or the name alone. */
  pod?: string
  life: Life
  /** Where the container's namespace is or was; the first is the one that files name first. */
  places: readonly Place[]
  /** With prefix lengths where the runtime or a record knows them. */
  addresses: string[]
  /** The MAC address in the result. */
  mac?: string
  /** The host's end of the pair, which exists now. */
  end?: Link
  /** The bridge of the host's end, or the link that the configuration names: it may be gone. */
  parent?: string
  /** The plugins of the list, the first makes the interface. */
  types: string[]
  ports: HostPort[]
  /** When ADD was done, nanoseconds since the epoch. */
  since?: bigint
  cached?: Cached
  /** What the result of ADD says; of DHCP what has become of it since. */
  result?: ResultFacts
  /** What DHCP servers have given to it. */
  leased?: Entry
  /** What files of ours say of it. */
  seen: readonly Sighting[]
}

/** All attachments in the order of networks, pods and containers, and what they were made from. */
export interface HostView {
  host: Host
  links: HostLinks
  attachments: AttachmentView[]
  /** Whether files could be read: root alone may. */
  isSeen: boolean
}

/** What is the same for all attachments. */
interface Sources {
  host: Host
  links: HostLinks
  cached: ReadonlyMap<string, Cached>
  seen: ReadonlyMap<string, Sighting[]>
  ends: ReadonlyMap<string, Link>
  ports: ReadonlyMap<string, PortmapRecord>
  leased: ReadonlyMap<string, Entry>
}

/**
 * Looks at everything once: one list of links, no namespace is entered. Without root, attachments with a pair are seen by the host's ends.
 * @param leftOut is told of each file that cannot be read
 */
export function viewHost(leftOut: LeftOut): HostView {
  const [seen] = trying('/var/lib/cni', () => [lookAtHost(leftOut)], leftOut)
  const host = seen ?? nothing
  const links = listHostLinks()
  const [known = asIs] = trying('/run/patchbay/given-names', () => [asRuntimeKnows()], leftOut)
  const ends = [...links.ends.values()].map((end) => ({ ...end, attachment: known(end.attachment) }))
  const sources = { host, links, ...byAttachment(host, ends, leftOut) }
  const named = host.containers.flatMap((container) =>
    container.attachments.map((attachment) => viewOf(attachment, container, sources)),
  )
  const keys = new Set(named.map(attachmentKey))
  const others = ends
    .filter(({ attachment }) => !keys.has(attachmentKey(attachment)))
    .map(({ attachment }) => viewOf(attachment, { life: 'lives', places: [] }, sources))
  return { host, links, attachments: [...named, ...others].sort(inOrder), isSeen: seen !== undefined }
}

const nothing: Host = {
  configurations: { cached: [], configured: [], podman: [] },
  ...{ dataDirs: [], containers: [], sightings: [] },
}

function byAttachment(
  host: Host,
  ends: readonly HostEnd[],
  leftOut: LeftOut,
): Omit<Sources, 'host' | 'links'> {
  const [ports = new Map()] = trying('/run/patchbay/firewall/portmap', () => [portRecords()], leftOut)
  const leased = trying(journalDirectory, () => journal.all(), leftOut)
  return {
    cached: new Map(host.configurations.cached.map((one) => [attachmentKey(one), one])),
    seen: Map.groupBy(host.sightings, ({ attachment }) => attachmentKey(attachment)),
    ends: new Map(ends.map(({ attachment, link }) => [attachmentKey(attachment), link])),
    ports,
    leased: new Map(leased.map((entry) => [attachmentKey(entry), entry])),
  }
}

const asIs = (attachment: Attachment) => attachment

/** The alias of a link has the name that the key `ifname` gave; a runtime knows CNI_IFNAME. */
function asRuntimeKnows(): (attachment: Attachment) => Attachment {
  const given = new Map(allNotes().map((note) => [interfaceHash(note), note.givenName]))
  if (given.size === 0) return asIs
  return (attachment) => ({
    ...attachment,
    ifname: given.get(interfaceHash(attachment)) ?? attachment.ifname,
  })
}

function viewOf(
  { network, containerID, ifname }: Attachment,
  { life, places }: Pick<Judged, 'life' | 'places'>,
  sources: Sources,
): AttachmentView {
  const attachment = { network, containerID, ifname }
  const key = attachmentKey(attachment)
  const cached = sources.cached.get(key)
  const seen = sources.seen.get(key) ?? []
  const leased = sources.leased.get(key)
  const result = currentFacts(cached && resultFacts(cached), leased)
  const end = sources.ends.get(key) ?? endIn(result, sources.links)
  const record = sources.ports.get(key)
  const members = membersOf(attachment, cached, sources.host)
  return {
    ...attachment,
    ...{ life, places, cached, result, leased, seen, end },
    pod: cached && podOf(cached.args),
    addresses: result?.addresses.length ? result.addresses : recordedAddresses(attachment, seen, record),
    mac: result?.interfaces.find(({ name, isInside }) => isInside && name === ifname)?.mac,
    parent: parentOf(end, members[0], result, sources.links),
    types: members.map(({ type }) => String(type)),
    ports: portsOf(record, cached),
    since: (cached && stat(cached.file)?.mtime) ?? timeOfRecords(attachment, seen),
  }
}

/** The plugins of the cache, of the list, or the driver of podman's network. */
function membersOf(attachment: Attachment, cached: Cached | undefined, { configurations }: Host) {
  const chain = cached ? cachedChain(cached) : chainOf(attachment, { ...configurations, cached: [] })
  if (chain) return chain.plugins
  const { driver, network_interface, options } = podmanNetwork(attachment, configurations) ?? {}
  if (driver === undefined) return []
  return [{ type: driver, master: isObject(options) ? options.parent : undefined, bridge: network_interface }]
}

/** The reference's pairs have no alias; its result names the host's end. */
function endIn(result: ResultFacts | undefined, { byName }: HostLinks): Link | undefined {
  const outside = result?.interfaces.filter(({ isInside }) => !isInside) ?? []
  return outside.flatMap(({ name }) => byName.get(name) ?? []).find(isPair)
}

/** Keys by which configurations name the link of the host that an interface is on. */
const parentKeys = ['master', 'bridge', 'device'] as const

function parentOf(
  end: Link | undefined,
  member: Record<string, unknown> = {},
  result: ResultFacts | undefined,
  { byIndex }: HostLinks,
): string | undefined {
  if (end) return end.master === undefined ? undefined : byIndex.get(end.master)?.name
  const [named] = parentKeys.flatMap((key) => (typeof member[key] === 'string' ? [member[key]] : []))
  if (named) return named
  if (member.type === 'bridge') return result?.interfaces.find(({ isInside }) => !isInside)?.name ?? 'cni0'
  return undefined
}

function inOrder(one: AttachmentView, other: AttachmentView): number {
  return (
    compared(one.network, other.network) ||
    compared(one.pod ?? one.containerID, other.pod ?? other.containerID) ||
    compared(one.ifname, other.ifname)
  )
}
