/**
 * A parent's port: mode and flag belong to it, so all ipvlans on it have the same, and the kernel gives those of the
 * last one made to all. It does not tell what they are without looking into a container, so one of ours is remembered as
 * the witness: it is asked first, and only when it is gone all namespaces are.
 */

import type { Life, Trace } from '../../shared/attachment/device.ts'
import { openWiringIfAny } from '../../shared/attachment/wiring.ts'
import { CniError, Code } from '../../shared/cni/error.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { tolerate } from '../../shared/kernel/errno.ts'
import { makeDirectory, readDirectory, readFileIfAny, remove, writeFile } from '../../shared/kernel/files.ts'
import type { Settled } from '../../shared/kernel/lock.ts'
import { type Found, findOn } from '../../shared/link/busy.ts'
import { sitsOn } from '../../shared/link/parent.ts'
import { type IpvlanOptions, parseIpvlan } from '../../shared/netlink/ipvlan.ts'
import { kindFacts } from '../../shared/netlink/kinds.ts'
import { findLink, type Link, listLinks } from '../../shared/netlink/link.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import type { IpvlanConfig } from './keys.ts'

/** A file for each parent. */
const witnesses = '/run/patchbay/ipvlan'

type Witness = Pick<Request, 'containerID' | 'ifname' | 'netns'>

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
    const witness = witnessOn(parent, request)
    judge(parent, request.config, witness ?? anywhere(life, parent))
    const made = make()
    if (!witness) {
      undo(() => dismiss(request))
      testify(parent, request)
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

function witnessOn(parent: Link, request: Request): Found | undefined {
  const witness = readWitness(`${witnesses}/${parent.name}`)
  const wiring = witness && openWiringIfAny({ ...request, netns: witness.netns })
  const link = wiring && findLink(wiring.inside, witness.ifname)
  const isThere = link && isOne(link) && link.mac === parent.mac && sitsOn(link, parent, true)
  return isThere ? { link, namespace: witness?.netns } : undefined
}

function readWitness(file: string): Witness | undefined {
  try {
    return JSON.parse(readFileIfAny(file) ?? '')
  } catch {
    return undefined
  }
}

function testify(parent: Link, { containerID, ifname, netns }: Request): void {
  const witness: Witness = { containerID, ifname, netns }
  makeDirectory(witnesses)
  writeFile(`${witnesses}/${parent.name}`, JSON.stringify(witness))
}

/** What is remembered of the port by an attachment's interface. */
export const ipvlanPort: Trace = { remove: dismiss }

/** Forgets a witness that goes. */
function dismiss({ containerID, ifname }: Request): void {
  for (const { name } of tolerate(() => readDirectory(witnesses), 'ENOENT') ?? []) {
    const file = `${witnesses}/${name}`
    const witness = readWitness(file)
    if (witness?.containerID === containerID && witness.ifname === ifname) remove(file)
  }
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
