/**
 * Which ipvlans of ours are on a parent. A record names one of them, so that ADD need not look through the others. When that
 * one is gone, pointers lead to the others.
 */

import type { Trace } from '../../shared/attachment/device.ts'
import { openSidesIfAny } from '../../shared/attachment/sides.ts'
import { attachmentHash } from '../../shared/cni/identity.ts'
import type { Attachment, Request } from '../../shared/cni/plugin.ts'
import { object, string } from '../../shared/config/schema.ts'
import type { Found } from '../../shared/link/busy.ts'
import { sitsOn } from '../../shared/link/parent.ts'
import { kindFacts } from '../../shared/netlink/kinds.ts'
import { findLink, type Link } from '../../shared/netlink/link.ts'
import { findRecordOf } from '../../shared/state/former.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { pointers } from '../../shared/state/pointers.ts'
import { records } from '../../shared/state/records.ts'
import { amongValid } from '../../shared/state/valid.ts'

/** One of our ipvlans on a parent, by the parent's name. */
const ports = records('ipvlan', () => object({ containerID: string, ifname: string, netns: string }))

/** Each of our ipvlans with its parent, by the attachment's hash. */
const places = pointers('ipvlan-parents')

/** An attachment's ipvlan: its parent's name, and its namespace. */
interface Place extends Attachment {
  parent: string
  netns: string
}

/** An ipvtap is on the port like an ipvlan. */
export function isIpvlan({ kind }: Link): boolean {
  return kindFacts(kind).parentDriver === 'ipvlan'
}

/** The ipvlan that the parent's record names, if it still exists. */
export function findRecorded(parent: Link): Found | undefined {
  const known = ports.read(parent.name)
  return known && findAt(known, parent)
}

/** The first of our ipvlans on a parent that still exists. */
export function findPointed(parent: Link): Found | undefined {
  for (const key of places.names()) {
    const place = placeOf(key)
    const found = place?.parent === parent.name ? findAt(place, parent) : undefined
    if (found) return found
  }
  return undefined
}

/** Compares MAC addresses, too: the same parent index may mean another interface in another namespace. */
function findAt({ netns, ifname }: Pick<Place, 'netns' | 'ifname'>, parent: Link): Found | undefined {
  const sides = openSidesIfAny({ netns })
  const link = sides && findLink(sides.inside, ifname)
  const isThere = link && isIpvlan(link) && link.mac === parent.mac && sitsOn(link, parent, true)
  return isThere ? { link, namespace: netns } : undefined
}

/** Names an attachment's ipvlan as one on the parent. The caller holds the parent's lock. @param isFirst the record is to name it, too */
export function addToPort(parent: Link, request: Request, isFirst: boolean): void {
  const { network, containerID, ifname, netns } = request
  places.set(attachmentHash(request), [parent.name, network, containerID, ifname, netns].join(' '))
  if (isFirst) ports.write(parent.name, { containerID, ifname, netns })
}

/** Only the path may contain spaces. A text of an older version has only the parent. */
function placeOf(key: string): Place | undefined {
  const text = places.get(key)
  if (text === undefined) return undefined
  const [parent = '', network = '', containerID = '', ifname = '', ...path] = text.split(' ')
  return { parent, network, containerID, ifname, netns: path.join(' ') }
}

/** Record and pointer of an attachment. */
export const ipvlanPort: Trace = { remove: removeFromPort, collect }

/** The inverse of `addToPort`. A record that names another ipvlan by now stays. */
export function removeFromPort(attachment: Attachment): void {
  const place = findRecordOf(attachment, placeOf, places.names)
  if (!place) return
  const { parent, containerID, ifname } = place
  const key = attachmentHash(place)
  withLinkLock(parent, () => {
    const known = ports.read(parent)
    const isOwn = known?.containerID === containerID && known.ifname === ifname
    if (!known || isOwn) ports.remove(parent)
    places.remove(key)
  })
}

/** The same for attachments of a network that are not valid any more. */
function collect({ network, validAttachments }: Request): void {
  const isValid = amongValid(validAttachments)
  for (const place of places.names().flatMap((key) => placeOf(key) ?? []))
    if (place.network === network && !isValid(place)) removeFromPort(place)
}
