/** The containers that have networks, as the caches of runtimes and our own files name them, and whether each still lives. */

import { attachmentKey, hostIfname, parseAlias } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { networkNamespaces } from '../../shared/kernel/namespaces.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { closeSocket, openSocket, Protocol } from '../../shared/netlink/socket.ts'
import type { Cached } from './caches.ts'
import { type Finding, lookAt, type Place } from './place.ts'
import type { Sighting } from './records.ts'

/** A container: all of its interfaces are in one namespace. */
export interface Container {
  id: string
  /** By network, container and interface. */
  attachments: Map<string, Attachment>
  /** Where its namespace is or was, by path. */
  places: Map<string, Place>
}

/** `unknown`: no file tells its namespace, or this process cannot see where it would be. */
export type Life = 'lives' | 'ended' | 'unknown'

/** Puts together what all sources say of each container. */
export function containersIn(cached: readonly Cached[], sightings: readonly Sighting[]): Container[] {
  const containers = new Map<string, Container>()
  const all = [...cached.flatMap(sightingsOf), ...sightings]
  for (const { attachment, place } of all) {
    const container = containers.get(attachment.containerID) ?? newContainer(attachment.containerID)
    containers.set(container.id, container)
    container.attachments.set(attachmentKey(attachment), attachment)
    if (place) container.places.set(place.path, merged(place, container.places.get(place.path)))
  }
  return [...containers.values()]
}

function newContainer(id: string): Container {
  return { id, attachments: new Map(), places: new Map() }
}

function sightingsOf({ network, containerID, ifname, netns }: Cached): Sighting[] {
  const attachment = { network, containerID, ifname }
  return [{ attachment }, ...netns.map((path) => ({ attachment, place: { path } }))]
}

/** What one source knows of a namespace at a path, the others may not. */
function merged(one: Place, { inode, isReplaced }: Partial<Place> = {}): Place {
  return { ...one, inode: one.inode ?? inode, isReplaced: one.isReplaced || isReplaced }
}

/** Whether each container still lives. @throws KernelError */
export function livesOf(containers: readonly Container[]): Map<Container, Life> {
  const found = new Map(containers.map((one) => [one, findingsOf(one)]))
  const taken = new Set(containers.flatMap((one) => (isThere(found.get(one)) ? inodesOf(one) : [])))
  const held = networkNamespaces()
  const isHeld = (inode: string) => held.has(inode) && !taken.has(inode)
  return new Map(
    containers.map((one) => [one, lifeOf(one, found.get(one) ?? [], inodesOf(one).some(isHeld))]),
  )
}

const findingsOf = ({ places }: Container) => [...places.values()].map(lookAt)
const inodesOf = ({ places }: Container) => [...places.values()].flatMap(({ inode }) => inode ?? [])
const isThere = (findings: readonly Finding[] = []) => findings.includes('there')

/** @param isHeld whether a process or a mount elsewhere holds its namespace: the kernel gives an inode again only after its end */
function lifeOf(container: Container, findings: readonly Finding[], isHeld: boolean): Life {
  if (isThere(findings) || isHeld || hasHostEnd(container)) return 'lives'
  return findings.length === 0 || findings.includes('unseen') ? 'unknown' : 'ended'
}

/** Whether the host has its end of one of the container's pairs: the kernel deletes both with the namespace. */
function hasHostEnd({ attachments }: Container): boolean {
  const host = openSocket(Protocol.ROUTE)
  try {
    return [...attachments.values()].some((attachment) => {
      const { alias } = findLink(host, hostIfname(attachment)) ?? {}
      const owner = parseAlias(alias)
      return owner !== undefined && attachmentKey(owner) === attachmentKey(attachment)
    })
  } finally {
    closeSocket(host)
  }
}
