/**
 * A parent's port. Mode and flag belong to the port: creating an ipvlan with others changes them for all ipvlans of the parent.
 * The kernel shows them only in the namespaces of the ipvlans. Those of ours are looked at first; all namespaces are searched
 * only when none of ours is there.
 */

import type { Life } from '../../shared/attachment/device.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import type { Settled } from '../../shared/kernel/lock.ts'
import { type Found, findOn, seeFound } from '../../shared/link/busy.ts'
import { sitsOn } from '../../shared/link/parent.ts'
import { type IpvlanOptions, parseIpvlan } from '../../shared/netlink/ipvlan.ts'
import { type Link, listLinks } from '../../shared/netlink/link.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import type { IpvlanConfig } from './keys.ts'
import { addToPort, findPointed, findRecorded, isIpvlan, removeFromPort } from './port-record.ts'

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
    const recorded = findRecorded(parent)
    const found = recorded ?? findPointed(parent) ?? findInAllNamespaces(life, parent)
    requireSameOptions(parent, request.config, found)
    const made = make()
    undo(() => removeFromPort(request))
    addToPort(parent, request, recorded === undefined)
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
  there: Found,
  theirs: string,
): CniError {
  const { link, namespace } = there
  const where = namespace ? ` in ${namespace}` : ''
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `mode ${mode}, flag ${flag} cannot be on ${parent.name} beside ${link.kind} ${link.name}${where}, which has ${theirs}: the kernel would change it too`,
    hint: `all ipvlans of a parent have the same: use ${theirs}, or another parent, such as a VLAN on ${parent.name}`,
    see: seeFound(there),
  })
}
