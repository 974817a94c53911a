/** The network namespaces of this host, as far as a trace needs them: by path, by container, by the kernel's number. */

import { splitArgs } from '../../shared/cni/args.ts'
import { currentNamespace, openNamespaceIfAny } from '../../shared/kernel/namespace.ts'
import { networkNamespaces } from '../../shared/kernel/namespaces.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { nsidOf } from '../../shared/netlink/nsid.ts'
import { readCaches } from '../host/caches.ts'
import type { LeftOut } from '../host/left-out.ts'
import { type Host, lookAtHost } from '../host/look.ts'
import { closeNetns, inodeOf, type Named, type Netns, netnsOf } from './netns.ts'

export interface Known {
  host: Netns
  /** The namespace at a path, opened once; undefined when it is gone. */
  at(path: string): Netns | undefined
  /** Those that were opened and kept: the packet's, and those of its source and destination. */
  opened(): readonly Netns[]
  /** All others: containers first, then what processes and mounts hold. Opened one by one, and closed unless `fits`. Not more than `mostSearches`. */
  search(fits: (netns: Netns) => boolean): Netns | undefined
  /** The number by which a namespace knows another one: `ip netns list-id`. */
  numberOf(netns: Netns, other: Netns): number
  containers(): Host['containers']
  /** The names of pods, `NAMESPACE/NAME`, by the IDs of their containers. */
  pods(): ReadonlyMap<string, string>
}

/** Each looks at all namespaces of the host. */
const mostSearches = 20

/** @param leftOut is told of files that cannot be read */
export function knownNamespaces(leftOut: LeftOut): Known {
  const host = netnsOf(currentNamespace(), { title: 'host', isHost: true })
  const opened = new Map([[host.inode, host]])
  const numbers = new Map<string, number>()
  let searches = mostSearches
  const containers = once(() => lookAtHost(leftOut).containers)
  const pods = once(podsByContainer)
  const owners = once(() => containersByInode(containers()))
  const nameOf = (path: string): Named => {
    const container = owners().get(inodeOf(path))
    if (container === undefined) return { title: path, isHost: false }
    return { title: pods().get(container) ?? shortId(container), container, isHost: false }
  }
  const at = (path: string): Netns | undefined => {
    const kept = opened.get(inodeOf(path))
    if (kept) return kept
    const namespace = openNamespaceIfAny(path)
    return namespace && netnsOf(namespace, nameOf(path))
  }
  const kept = (netns: Netns | undefined) => {
    if (netns) opened.set(netns.inode, netns)
    return netns
  }
  const paths = () => [
    ...containers().flatMap(({ life, places }) => (life === 'ended' ? [] : places.map(({ path }) => path))),
    ...networkNamespaces().values(),
  ]
  return {
    ...{ host, containers, pods },
    opened: () => [...opened.values()],
    at: (path) => kept(at(path)),
    numberOf: (netns, other) => {
      const key = `${netns.inode} ${other.inode}`
      const number = numbers.get(key) ?? nsidOf(netns.socket, other.namespace)
      numbers.set(key, number)
      return number
    },
    search: (fits) => {
      if (searches-- <= 0) return undefined
      const seen = new Set(opened.keys())
      for (const path of paths()) {
        const inode = inodeOf(path)
        const netns = seen.has(inode) ? undefined : at(path)
        seen.add(inode)
        if (netns && fits(netns)) return kept(netns)
        if (netns) closeNetns(netns)
      }
      return undefined
    },
  }
}

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

function containersByInode(containers: Host['containers']): Map<string, string> {
  const living = containers.filter(({ life }) => life !== 'ended')
  return new Map(living.flatMap(({ id, places }) => places.map(({ path }) => [inodeOf(path), id] as const)))
}

/** As kubelets' runtimes and podman 4 name a pod in CNI_ARGS. */
function podsByContainer(): Map<string, string> {
  const named = readCaches(() => {}).flatMap(({ containerID, args }) => {
    const { K8S_POD_NAMESPACE: namespace, K8S_POD_NAME: name } = splitArgs(args)
    return name ? [[containerID, namespace ? `${namespace}/${name}` : name] as const] : []
  })
  return new Map(named)
}

/** As runtimes show an ID: 12 of its 64 digits. */
export function shortId(id: string): string {
  return /^[0-9a-f]{32,}$/.test(id) ? id.slice(0, 12) : id
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
  return known.opened().find(isIt) ?? (far ? known.search(isIt) : undefined)
}
