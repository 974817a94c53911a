/** The containers that have networks, and whether each still lives, by all that files say of them. */

import { hostSocket } from '../../shared/attachment/sides.ts'
import { attachmentKey, hostIfname, parseAlias } from '../../shared/cni/identity.ts'
import type { Attachment } from '../../shared/cni/plugin.ts'
import { isStillThere } from '../../shared/ipam/host-local/netns.ts'
import { heldNamespaces } from '../../shared/kernel/namespaces.ts'
import { findLink } from '../../shared/netlink/link.ts'
import { inodeAt, lookAt, type Place } from './place.ts'
import type { Sighting } from './sighting.ts'

/** A container: all of its interfaces are in one namespace. */
export interface Container {
  id: string
  attachments: Attachment[]
  /** Where its namespace is or was. */
  places: Place[]
}

/** `unknown`: no file tells its namespace, or this process cannot see where it would be. */
export type Life = 'lives' | 'ended' | 'unknown'

/** A container, and whether it lives. */
export interface Judged extends Container {
  life: Life
}

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

/** The places of one attachment, each once. The inode that host-local knows of a path is that of the others that name the path, too. */
function placesOf(seen: readonly Sighting[]): Place[] {
  const places = seen.flatMap(({ place }) => place ?? [])
  const exact = new Map(places.filter(({ written }) => written).map((place) => [place.path, place]))
  const all = places.map((place) => exact.get(place.path) ?? place)
  return [...new Map(all.map((place) => [`${place.path} ${place.inode}`, place])).values()]
}

/** Looks whether each container still lives. @throws KernelError */
export function withLife(containers: readonly Container[]): Judged[] {
  const findings = new Map(containers.flatMap(({ places }) => places).map((place) => [place, lookAt(place)]))
  const there = [...findings].flatMap(([place, finding]) => (finding === 'there' ? place : []))
  const living = Map.groupBy(there, ({ path }) => inodeAt(path))
  let held: Set<string> | undefined
  const isHeld = (place: Place) => {
    if (place.inode === undefined) return false
    held ??= heldNamespaces()
    return held.has(place.inode) && isItsOwn(place, living.get(place.inode))
  }
  const lifeOf = (container: Container): Life => {
    const { attachments, places } = container
    const own = places.map((place) => findings.get(place))
    if (own.includes('there') || places.some(isHeld) || attachments.some(hasHostEnd)) return 'lives'
    return own.length === 0 || own.includes('unseen') ? 'unknown' : 'ended'
  }
  return containers.map((one) => ({ ...one, life: lifeOf(one) }))
}

/**
 * Whether a namespace that something holds is that of a place with its inode: after the end of a namespace the kernel gives its inode anew.
 * @param others the places of living containers that lead to it
 */
function isItsOwn({ inode = '', written }: Place, others: readonly Place[] = []): boolean {
  return others.every(({ path }) => written !== undefined && isStillThere({ path, inode }, written))
}

/** Whether one attachment lives, by what files say of it alone. */
export function livesNow(attachment: Attachment, seen: readonly Sighting[]): boolean {
  return hasHostEnd(attachment) || placesOf(seen).some((place) => lookAt(place) === 'there')
}

/** Whether the host has its end of an attachment's pair: the kernel deletes both with the namespace. */
function hasHostEnd(attachment: Attachment): boolean {
  const owner = parseAlias(findLink(hostSocket(), hostIfname(attachment))?.alias)
  return owner !== undefined && attachmentKey(owner) === attachmentKey(attachment)
}
