/** The tags of a frame, and the devices of the outer tags: they are on the host, and the containers with inner tags share them. */

import { broken, isDown } from '../../shared/attachment/broken.ts'
import type { Life } from '../../shared/attachment/device.ts'
import { hostListens, preferSysctl } from '../../shared/attachment/sysctl.ts'
import { hashedName } from '../../shared/cni/identity.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import type { Log } from '../../shared/error/log.ts'
import { isErrno } from '../../shared/kernel/errno.ts'
import { explainRefusal } from '../../shared/link/child.ts'
import { requireUp } from '../../shared/link/parent.ts'
import { type SharedLink, shareLink } from '../../shared/link/shared-link.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link, listLinks, newLink } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { hasTag, type Tag, vlanKind } from '../../shared/netlink/vlan.ts'
import type { VlanConfig } from './config.ts'

/** The tags of a configuration: the container's own (inner), and those around it, from the outermost on. */
export function tagsOf({ vlanId = 0, tags = [vlanId], protocol }: VlanConfig): { outer: Tag[]; inner: Tag } {
  const outermost = protocol ?? (tags.length > 1 ? '802.1ad' : '802.1Q')
  const all = tags.map((id, index): Tag => ({ id, protocol: index === 0 ? outermost : '802.1Q' }))
  return { outer: all.slice(0, -1), inner: all.at(-1) as Tag }
}

/** The devices of the outer tags, from the parent on. Each is made for its first container and deleted with its last. */
export async function shareOuter(life: Life<VlanConfig>, parent: Link, outer: Tag[]): Promise<Link[]> {
  const devices: Link[] = []
  for (const tag of outer) devices.push(await shareTag(life, devices.at(-1) ?? parent, tag))
  return devices
}

async function shareTag({ host, request }: Life<VlanConfig>, parent: Link, tag: Tag): Promise<Link> {
  requireUp(parent)
  try {
    return shareLink(host, request, outerDevice(host, parent, tag, request.log))
  } catch (error) {
    const operators = isErrno(error, 'EEXIST') ? findTag(host, parent, tag) : undefined
    return operators ?? explainTaken(host, parent, tag, await explainRefusal(error, host, parent, 'vlan'))
  }
}

/** EEXIST: a parent has each VLAN once. @throws the error, for EEXIST one that names the interface which has the VLAN */
export async function explainTaken(side: Socket, parent: Link, tag: Tag, error: unknown): Promise<never> {
  throw isErrno(error, 'EEXIST') ? (await import('./taken.ts')).takenError(side, parent, tag, error) : error
}

/** The host does not use the outer device itself: with IPv6 off it has no address there and ignores router advertisements. */
function outerDevice(host: Socket, parent: Link, tag: Tag, log: Log): SharedLink {
  const name = outerName(parent, tag)
  return {
    name,
    make: () => {
      ask(host, newLink({ name, parent, ...vlanKind(tag) }))
      preferSysctl(log, hostListens(name), '1', 'ipv6', 'conf', name, 'disable_ipv6')
      ask(host, changeLink({ name }, { up: true }))
    },
    validate: (found) => {
      if (!isTag(found, parent, tag)) throw notTheVlan(found, parent, tag)
    },
  }
}

function notTheVlan({ name }: Link, parent: Link, { id, protocol }: Tag): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `VLAN ${id} (${protocol}) on ${parent.name} would be named ${name}, but another device has this name: delete it`,
    hint: `another program made it: ip link del dev ${name}`,
    see: seeLink(name),
    errno: 'EEXIST',
  })
}

/** A hash, because PARENT.ID may be too long, lacks the protocol, and is wrong after a renaming. */
function outerName(parent: Link, { protocol, id }: Tag): string {
  return hashedName('vlan', `${parent.index}/${protocol}/${id}`)
}

/** The host's device of a tag on a parent, made by this plugin or by the operator. All links are listed only if it has an unusual name. */
function findTag(host: Socket, parent: Link, tag: Tag): Link | undefined {
  for (const name of [outerName(parent, tag), `${parent.name}.${tag.id}`]) {
    const link = name.length <= 15 ? findLink(host, name) : undefined
    if (link && isTag(link, parent, tag)) return link
  }
  return listLinks(host).find((link) => isTag(link, parent, tag))
}

/** Whether a link of the parent's own namespace is the VLAN of a tag on it. */
function isTag(link: Link, parent: Link, tag: Tag): boolean {
  return link.parent === parent.index && link.parentNamespace === undefined && hasTag(link, tag)
}

/** CHECK: the devices of the outer tags exist and are up. @returns the innermost of them, or the parent @throws CniError */
export function checkOuter(host: Socket, parent: Link, outer: Tag[]): Link {
  let below = parent
  for (const tag of outer) {
    const device = findTag(host, below, tag)
    if (!device)
      throw broken(`the host has no VLAN ${tag.id} (${tag.protocol}) on ${below.name} any more`, {
        see: `ip -d link show type vlan | grep @${below.name}`,
      })
    if (!device.up) throw isDown(device.name)
    below = device
  }
  return below
}
