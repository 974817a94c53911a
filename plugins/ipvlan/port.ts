/**
 * A parent's port. Mode and flag belong to the port: creating an ipvlan with others changes them for all ipvlans of the parent.
 * The kernel shows them only in the namespaces of the ipvlans, so a record names one of ours per parent. It is looked at first;
 * all namespaces are searched only when it is gone.
 */

import type { Life, Trace } from '../../shared/attachment/device.ts'
import { openSidesIfAny } from '../../shared/attachment/sides.ts'
import { attachmentHash } from '../../shared/cni/identity.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { object, string } from '../../shared/config/schema.ts'
import { CniError, Code } from '../../shared/error/error.ts'
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

/** One interface on a parent, by the parent's name. */
const ports = records('ipvlan', object({ containerID: string, ifname: string, netns: string }))

/** The parent whose record names an attachment, by the attachment's hash. */
const parents = pointers('ipvlan-parents')

/**
 * Makes an ipvlan on a parent if its existing ipvlans have the same mode and flag. A lock serializes two concurrent first ones.
 * @throws CniError naming an ipvlan with another mode or flag
 */
export function makeOnPort<T>(life: Life<IpvlanConfig>, parent: Link, make: () => Settled<T>): T {
  const { request, undo } = life
  if (request.config.linkInContainer) {
    requireSameOptions(parent, request.config, findInContainer(life, parent))
    return make()
  }
  return withLinkLock(parent.name, () => {
    const known = findRecorded(parent)
    requireSameOptions(parent, request.config, known ?? findInAllNamespaces(life, parent))
    const made = make()
    if (!known) {
      undo(() => removeRecord(request))
      writeRecord(parent, request)
    }
    return made
  })
}

/** The ipvlans of a parent in a container are in the same container. */
function findInContainer({ inside }: Life<unknown>, parent: Link): Found | undefined {
  const link = listLinks(inside).find((link) => isIpvlan(link) && sitsOn(link, parent, false))
  return link && { link }
}

/** Compares MAC addresses, too: the same parent index may mean another interface in another namespace. */
function findInAllNamespaces({ host }: Life<unknown>, parent: Link): Found | undefined {
  return findOn(host, parent, (link) => isIpvlan(link) && link.mac === parent.mac)
}

/** An ipvtap is on the port like an ipvlan. */
function isIpvlan({ kind }: Link): boolean {
  return kindFacts(kind).parentDriver === 'ipvlan'
}

/** The ipvlan that the parent's record names, if it still exists. */
function findRecorded(parent: Link): Found | undefined {
  const known = ports.read(parent.name)
  const sides = known && openSidesIfAny(known)
  const link = sides && findLink(sides.inside, known.ifname)
  const isThere = link && isIpvlan(link) && link.mac === parent.mac && sitsOn(link, parent, true)
  return isThere ? { link, namespace: known?.netns } : undefined
}

function writeRecord(parent: Link, request: Request): void {
  const { containerID, ifname, netns } = request
  parents.set(attachmentHash(request), parent.name)
  ports.write(parent.name, { containerID, ifname, netns })
}

/** The record that names an attachment's interface. */
export const ipvlanPort: Trace = { remove: removeRecord }

/** Removes the record of a deleted interface; a record that names another interface by now stays. */
function removeRecord(request: Request): void {
  const { containerID, ifname } = request
  const key = attachmentHash(request)
  const parent = parents.get(key)
  if (parent === undefined) return
  const known = ports.read(parent)
  const isOwn = known?.containerID === containerID && known.ifname === ifname
  if (!known || isOwn) ports.remove(parent)
  parents.remove(key)
}

function requireSameOptions(parent: Link, wanted: IpvlanOptions, found?: Found): void {
  const there = found ?? (isIpvlan(parent) ? { link: parent } : undefined)
  if (!there?.link.data) return
  const { mode, flag } = parseIpvlan(there.link.data)
  if (mode === wanted.mode && flag === wanted.flag) return
  throw differentOptions(parent, wanted, there, `mode ${mode}, flag ${flag}`)
}

function differentOptions(
  parent: Link,
  { mode, flag }: IpvlanOptions,
  { link, namespace }: Found,
  theirs: string,
): CniError {
  const where = namespace ? ` in ${namespace}` : ''
  const inside = namespace?.startsWith('/') ? `nsenter --net=${namespace} ip` : `ip -n ${namespace}`
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `mode ${mode}, flag ${flag} cannot be on ${parent.name} beside ${link.kind} ${link.name}${where}, which has ${theirs}: the kernel would change it too`,
    hint: `all ipvlans of a parent have the same: use ${theirs}, or another parent, such as a VLAN on ${parent.name}`,
    see: `${namespace ? inside : 'ip'} -d link show dev ${link.name}`,
  })
}
