/**
 * A parent's port: mode and flag belong to it, so all ipvlans on it have the same, and the kernel gives those of the
 * last one made to all. It tells them only inside a container, so one of ours is remembered: that container is looked
 * into first, and all namespaces only when it is gone.
 */

import type { Life, Trace } from '../../shared/attachment/device.ts'
import { openSidesIfAny } from '../../shared/attachment/sides.ts'
import { CniError, Code } from '../../shared/cni/error.ts'
import { attachmentHash } from '../../shared/cni/identity.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { object, string } from '../../shared/cni/schema.ts'
import type { Settled } from '../../shared/kernel/lock.ts'
import { type Found, findOn } from '../../shared/link/busy.ts'
import { sitsOn } from '../../shared/link/parent.ts'
import { type IpvlanOptions, parseIpvlan } from '../../shared/netlink/ipvlan.ts'
import { kindFacts } from '../../shared/netlink/kinds.ts'
import { findLink, type Link, listLinks } from '../../shared/netlink/link.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { pointers } from '../../shared/state/pointers.ts'
import { records } from '../../shared/state/records.ts'
import type { IpvlanConfig } from './keys.ts'

/** An interface on a port, by the parent's name. */
const ports = records('ipvlan', object({ containerID: string, ifname: string, netns: string }))

/** The parent whose record names an attachment, by the attachment's key. */
const parents = pointers('ipvlan-parents')

/**
 * Makes an ipvlan on a parent whose others, if there are any, have the same mode and flag. Two that are the first at once
 * come one after the other.
 * @throws CniError naming the one in the way
 */
export function join<T>(life: Life<IpvlanConfig>, parent: Link, make: () => Settled<T>): T {
  const { request, undo } = life
  if (request.config.linkInContainer) {
    judge(parent, request.config, inContainer(life, parent))
    return make()
  }
  return withLinkLock(parent.name, () => {
    const known = knownOn(parent, request)
    judge(parent, request.config, known ?? anywhere(life, parent))
    const made = make()
    if (!known) {
      undo(() => forgetPort(request))
      remember(parent, request)
    }
    return made
  })
}

/** A parent in a container has its ipvlans beside it. */
function inContainer({ inside }: Life<unknown>, parent: Link): Found | undefined {
  const link = listLinks(inside).find((link) => isOne(link) && sitsOn(link, parent, false))
  return link && { link }
}

/** Wherever it is, it has its parent's MAC address: an index alone could be meant in another namespace. */
function anywhere({ host }: Life<unknown>, parent: Link): Found | undefined {
  return findOn(host, parent, (link) => isOne(link) && link.mac === parent.mac)
}

/** Whether a link is the driver's: an ipvtap is on the port like an ipvlan. */
function isOne({ kind }: Link): boolean {
  return kindFacts(kind).takesParentBy === 'ipvlan'
}

/** The ipvlan that is remembered of a parent, if it is still there. */
function knownOn(parent: Link, request: Request): Found | undefined {
  const known = ports.read(parent.name)
  const sides = known && openSidesIfAny({ ...request, netns: known.netns })
  const link = sides && findLink(sides.inside, known.ifname)
  const isThere = link && isOne(link) && link.mac === parent.mac && sitsOn(link, parent, true)
  return isThere ? { link, namespace: known?.netns } : undefined
}

function remember(parent: Link, request: Request): void {
  const { containerID, ifname, netns } = request
  parents.set(attachmentHash(request), parent.name)
  ports.write(parent.name, { containerID, ifname, netns })
}

/** What is remembered of the port by an attachment's interface. */
export const ipvlanPort: Trace = { remove: forgetPort }

/** Forgets an interface that is deleted; another one that took its place in the record stays. */
function forgetPort(request: Request): void {
  const { containerID, ifname } = request
  const key = attachmentHash(request)
  const parent = parents.get(key)
  if (parent === undefined) return
  const known = ports.read(parent)
  const isOwn = known?.containerID === containerID && known.ifname === ifname
  if (!known || isOwn) ports.remove(parent)
  parents.remove(key)
}

function judge(parent: Link, wanted: IpvlanOptions, found?: Found): void {
  const there = found ?? (isOne(parent) ? { link: parent } : undefined)
  if (!there?.link.data) return
  const { mode, flag } = parseIpvlan(there.link.data)
  if (mode === wanted.mode && flag === wanted.flag) return
  throw clash(parent, wanted, there, `mode ${mode}, flag ${flag}`)
}

function clash(
  parent: Link,
  { mode, flag }: IpvlanOptions,
  { link, namespace }: Found,
  theirs: string,
): CniError {
  const where = namespace ? ` in ${namespace}` : ''
  const inside = namespace?.startsWith('/') ? `nsenter --net=${namespace} ip` : `ip -n ${namespace}`
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `mode ${mode}, flag ${flag} cannot be on ${parent.name} beside ${link.kind} ${link.name}${where}, which has ${theirs}: the kernel would change it too`,
    hint: `all ipvlans of a parent have the same: take ${theirs}, or another parent, such as a VLAN of ${parent.name}`,
    see: `${namespace ? inside : 'ip'} -d link show dev ${link.name}`,
  })
}
