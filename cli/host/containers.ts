/** The containers that have networks, as the caches of runtimes and our own files name them, and whether each still lives. */

import { attachmentKey, hostIfname, parseAlias } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { networkNamespaces } from '../../shared/kernel/namespaces.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { closeSocket, openSocket, Protocol } from '../../shared/netlink/socket.ts'
import { type Finding, lookAt, type Place } from './place.ts'

/** An attachment that a file names, and where its namespace was; undefined when the file does not tell. */
export interface Sighting {
  attachment: Attachment
  place?: Place
}

/** A container: all of its interfaces are in one namespace. */
export interface Container {
  id: string
  attachments: Attachment[]
  /** Where its namespace is or was. */
  places: Place[]
}

/** `unknown`: no file tells its namespace, or this process cannot see where it would be. */
export type Life = 'lives' | 'ended' | 'unknown'

/** Puts together what all sources say of each container. */
export function containersOf(sightings: readonly Sighting[]): Container[] {
  const byContainer = Map.groupBy(sightings, ({ attachment }) => attachment.containerID)
  return [...byContainer].map(([id, seen]) => {
    const byAttachment = [...Map.groupBy(seen, ({ attachment }) => attachmentKey(attachment)).values()]
    return {
      id,
      attachments: byAttachment.flatMap(([first]) => first?.attachment ?? []),
      places: byAttachment.flatMap(placesOf),
    }
  })
}

/** The places of one attachment, each once. What host-local knows of a path is so for the others that name it. */
function placesOf(seen: readonly Sighting[]): Place[] {
  const places = seen.flatMap(({ place }) => place ?? [])
  const replaced = places.filter(({ isReplaced }) => isReplaced).map(({ path }) => path)
  const all = places.map((place) => ({ ...place, isReplaced: replaced.includes(place.path) }))
  return [...new Map(all.map((place) => [`${place.path} ${place.inode}`, place])).values()]
}

/** Whether each container still lives. @throws KernelError */
export function livesOf(containers: readonly Container[]): Map<Container, Life> {
  const found = new Map(containers.map((one) => [one, one.places.map(lookAt)]))
  const living = containers.filter((one) => found.get(one)?.includes('there'))
  const taken = new Set(living.flatMap(inodesOf))
  const held = networkNamespaces()
  const isHeld = (inode: string) => held.has(inode) && !taken.has(inode)
  return new Map(
    containers.map((one) => [one, lifeOf(one, found.get(one) ?? [], inodesOf(one).some(isHeld))]),
  )
}

const inodesOf = ({ places }: Container) => places.flatMap(({ inode }) => inode ?? [])

/** @param isHeld whether a process or a mount elsewhere holds its namespace: the kernel gives an inode again only after its end */
function lifeOf(container: Container, findings: readonly Finding[], isHeld: boolean): Life {
  if (findings.includes('there') || isHeld || hasHostEnd(container)) return 'lives'
  return findings.length === 0 || findings.includes('unseen') ? 'unknown' : 'ended'
}

/** Whether the host has its end of one of the container's pairs: the kernel deletes both with the namespace. */
function hasHostEnd({ attachments }: Container): boolean {
  const host = openSocket(Protocol.ROUTE)
  try {
    return attachments.some((attachment) => {
      const owner = parseAlias(findLink(host, hostIfname(attachment))?.alias)
      return owner !== undefined && attachmentKey(owner) === attachmentKey(attachment)
    })
  } finally {
    closeSocket(host)
  }
}
