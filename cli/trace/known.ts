/** The network namespaces of this host, as far as a trace needs them: by path, by container, by the kernel's number. */

import { closeNamespace, currentNamespace, openNamespaceIfAny } from '../../shared/kernel/namespace.ts'
import { networkNamespaces } from '../../shared/kernel/namespaces.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { nsidOf } from '../../shared/netlink/nsid.ts'
import { type AttachmentView, viewHost } from '../host/attachment-view.ts'
import { pathInto } from '../host/inside.ts'
import type { LeftOut } from '../host/left-out.ts'
import { shortID } from '../host/words.ts'
import { closeNetns, hasAddress, inodeOf, type Named, type Netns, netnsOf } from './netns.ts'

export interface Known {
  host: Netns
  /** The attachments of all containers. */
  views(): readonly AttachmentView[]
  /** The namespace at a path, opened once; undefined when it is gone. */
  at(path: string): Netns | undefined
  /** Those that were opened and kept: the packet's, and those of its source and destination. */
  opened(): readonly Netns[]
  /** The namespace that has an address: one that is open, or the first of all others, which stays open then. */
  ownerOf(address: string): Netns | undefined
  /** The namespace that another one knows by a number, wherever it is; undefined when none is found, or too many were opened by this. */
  byNumber(netns: Netns, number: number): Netns | undefined
  /** The number by which a namespace knows another one: `ip netns list-id`. */
  numberOf(netns: Netns, other: Netns): number
}

/** So many namespaces are opened because a link leads to them, such as each port of a bridge that floods. */
const mostByNumber = 32

/** @param leftOut is told of files that cannot be read */
export function knownNamespaces(leftOut: LeftOut): Known {
  const host = netnsOf(currentNamespace(), { title: 'host', isHost: true })
  const opened = new Map([[host.inode, host]])
  const views = once(() => viewHost(leftOut).attachments)
  const containers = once(() => byInode(views()))
  const open = (path: string): Netns | undefined => {
    const namespace = openNamespaceIfAny(path)
    return namespace && netnsOf(namespace, nameOf(path, containers().get(inodeOf(path))))
  }
  const keep = (netns: Netns | undefined) => {
    if (netns) opened.set(netns.inode, netns)
    return netns
  }
  const at = (path: string) => opened.get(inodeOf(path)) ?? keep(open(path))
  const all = () => [...pathsOf(views()), ...networkNamespaces().values()]
  const search = (fits: (netns: Netns) => boolean): Netns | undefined => {
    const seen = new Set(opened.keys())
    for (const path of all()) {
      const inode = inodeOf(path)
      const netns = seen.has(inode) ? undefined : open(path)
      seen.add(inode)
      if (netns && fits(netns)) return keep(netns)
      if (netns) closeNetns(netns)
    }
    return undefined
  }
  const nowhere = new Set<string>()
  const ownerOf: Known['ownerOf'] = (address) => {
    const has = (netns: Netns) => hasAddress(netns, address)
    const found = [...opened.values()].find(has) ?? (nowhere.has(address) ? undefined : search(has))
    if (!found) nowhere.add(address)
    return found
  }
  const numbers = new Map<string, Map<number, string>>()
  let left = mostByNumber
  const byNumber: Known['byNumber'] = (netns, number) => {
    const known = numbers.get(netns.inode) ?? numbersIn(netns, all())
    numbers.set(netns.inode, known)
    const path = known.get(number)
    if (path === undefined) return undefined
    return opened.get(inodeOf(path)) ?? (left-- > 0 ? at(path) : undefined)
  }
  const more = { opened: () => [...opened.values()], numberOf: numbering() }
  return { host, views, at, ownerOf, byNumber, ...more }
}

/** The paths of namespaces by the numbers that one has for them. */
function numbersIn({ socket }: Netns, paths: readonly string[]): Map<number, string> {
  const numbers = new Map<number, string>()
  for (const path of paths) {
    const namespace = openNamespaceIfAny(path)
    if (!namespace) continue
    const number = nsidOf(socket, namespace)
    if (number >= 0) numbers.set(number, path)
    closeNamespace(namespace)
  }
  return numbers
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function numbering(): Known['numberOf'] {
  const numbers = new Map<string, number>()
  return (netns, other) => {
    const key = `${netns.inode} ${other.inode}`
    const number = numbers.get(key) ?? nsidOf(netns.socket, other.namespace)
    numbers.set(key, number)
    return number
  }
}

/** Where the namespaces of living containers are. */
function pathsOf(views: readonly AttachmentView[]): string[] {
  const paths = views.map(({ life, places }) => (life === 'ended' ? undefined : pathInto(places)))
  return [...new Set(paths.flatMap((path) => path ?? []))]
}

function byInode(views: readonly AttachmentView[]): Map<string, AttachmentView> {
  const living = views.filter(({ life }) => life !== 'ended')
  return new Map(living.flatMap((view) => view.places.map(({ path }) => [inodeOf(path), view] as const)))
}

/** A namespace is called after its container's pod or ID, or else after its path. */
function nameOf(path: string, view?: AttachmentView): Named {
  if (!view) return { title: path, isHost: false }
  const { containerID: container, pod } = view
  return { title: pod ?? shortID(container), container, isHost: false }
}

/**
 * The namespace of a link's parent or other end (IFLA_LINK_NETNSID): the link's own, one of those that were opened, or any.
 * @param far whether all namespaces of the host are searched
 */
export function parentNetns(
  netns: Netns,
  { parentNamespace }: Pick<Link, 'parentNamespace'>,
  known: Known,
  far: boolean,
): Netns | undefined {
  if (parentNamespace === undefined) return netns
  const isIt = (one: Netns) => known.numberOf(netns, one) === parentNamespace
  return known.opened().find(isIt) ?? (far ? known.byNumber(netns, parentNamespace) : undefined)
}
