/** The members of a bond or a team. */

import { broken } from '../../shared/attachment/broken.ts'
import type { Life, Made } from '../../shared/attachment/device.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import { preferSysctl } from '../../shared/attachment/sysctl.ts'
import { undoable } from '../../shared/attachment/undo.ts'
import { attachmentKey, hashedName } from '../../shared/cni/identity.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { repeated } from '../../shared/config/rules.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { inNamespace } from '../../shared/kernel/namespace.ts'
import { type Lending, lendHosts, lendOwn, namesInside } from '../../shared/lent/lend.ts'
import { holderOf } from '../../shared/lent/record.ts'
import { commandIn, seeLink } from '../../shared/netlink/command.ts'
import { Group, waitFor } from '../../shared/netlink/events.ts'
import { changeLink, findLink, type Link, type LinkSettings } from '../../shared/netlink/link.ts'
import { type Socket, transact } from '../../shared/netlink/socket.ts'
import type { MemberConfig } from './member-keys.ts'

/** What ADD makes: an interface with members. */
export interface OfMembers extends Made {
  members: Link[]
}

/**
 * Moves the members into the master's namespace and sets them down, as the drivers require.
 * @throws CniError when one is missing, or has a master
 */
export function takeMembers(life: Life<MemberConfig>): Link[] {
  const { links, linksInContainer } = life.request.config
  const lending = { ...life, holder: life.request }
  if (linksInContainer) return takeOwn(lending, links)
  const members = findMembers(life.host, links, false)
  return lendHosts(
    lending,
    members.map((link) => ({ link, nameInside: nameInside(lending, link) })),
  )
}

/** The same for interfaces that are already in the master's namespace. */
export function takeOwn(lending: Lending, links: MemberConfig['links']): Link[] {
  const { host, inside } = lending
  return lendOwn(lending, findMembers(inside, links, inside !== host))
}

/** Each link once, whichever of its names the configuration has. */
function findMembers(side: Socket, links: MemberConfig['links'], isInside: boolean): Link[] {
  const members = links.map(({ name }) => findMember(side, name, isInside))
  const twice = repeated(members.map(({ name }) => name))
  if (twice === undefined) return members
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `links names ${twice} twice: by its name and an alternative one`,
    hint: 'name each member once',
    see: seeLink(twice),
  })
}

/** The host's name, unless the container has an interface of that name or ADD will make one. */
function nameInside({ inside, holder }: Lending, { name }: Link): string {
  const isTaken = name === holder.ifname || findLink(inside, name) !== undefined
  return isTaken ? hashedName('link', `${attachmentKey(holder)}/${name}`) : name
}

function findMember(side: Socket, name: string, isInside: boolean): Link {
  const link = findLink(side, name)
  if (!link) throw missing(name, isInside)
  if (link.master) throw taken(side, link)
  if (/[1-9a-f]/.test(link.mac)) return link
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `links: ${name} is no Ethernet device: name another`,
    hint: 'name Ethernet interfaces',
    see: seeLink(name),
  })
}

function missing(name: string, isInside: boolean): CniError {
  const where = isInside ? 'the container' : 'the host'
  const holder = isInside ? undefined : holderOf(name)?.containerID
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `links: ${where} has no interface ${JSON.stringify(name)}${holder ? `: container ${holder} has it` : ''}`,
    hint: isInside ? 'an earlier plugin in the list must make it' : 'name an existing interface',
    see: 'ip link show',
    errno: 'ENODEV',
  })
}

/** Without this check the kernel would silently remove it from its master. */
function taken(side: Socket, { name, master = 0 }: Link): CniError {
  const owner = findLink(side, master)?.name ?? `interface ${master}`
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `links: ${name} belongs to ${owner} already: free it`,
    hint: `free it: ip link set dev ${name} nomaster`,
    see: seeLink(name),
    errno: 'EBUSY',
  })
}

/**
 * Makes interfaces members. Equivalent to `ip link set dev MEMBER master IFNAME`, for each. IPv6 is disabled on them: a switch that
 * received an IPv6 frame from an idle member would learn the common MAC address there and send all frames to it.
 */
export function joinMembers(
  {
    inside,
    container,
    undo,
    request: { log },
  }: Pick<Life<unknown>, 'inside' | 'container' | 'undo' | 'request'>,
  name: string,
  members: Link[],
): void {
  const master = findLink(inside, name)
  const all = (settings: LinkSettings) => members.map((link) => changeLink(link, settings))
  inNamespace(container, () => {
    for (const { name } of members)
      preferSysctl(
        log,
        'as a member it may send IPv6 frames by itself, which confuse the switch',
        '1',
        'ipv6',
        'conf',
        name,
        'disable_ipv6',
      )
  })
  undoable(
    undo,
    () => transact(inside, all({ master })),
    () => transact(inside, all({ master: null })),
  )
}

/** The longest wait for the master's carrier after members have one. */
const CARRIER_MILLISECONDS = 2500

/** If a member has a carrier, waits until frames pass, so that the announcement is received. No carrier is no error: cables may be plugged in later. */
export function settleMembers(
  { inside, container, request }: Life<MemberConfig>,
  { members }: OfMembers,
): void {
  const { ifname, log } = request
  const isAlive = members.some(({ name }) => findLink(inside, name)?.carrier)
  const look = () => findLink(inside, ifname)?.running || undefined
  const passes = isAlive && inNamespace(container, () => waitFor(Group.LINK, CARRIER_MILLISECONDS, look))
  if (!passes) log.warn(`${ifname} has no carrier; its members: ip -d link show master ${ifname}`)
}

/** CHECK: each member still belongs to the container's interface. @returns them, in order @throws CniError */
export function checkMembers({ inside }: Sides, request: Request<MemberConfig>): Link[] {
  const { linksInContainer, links } = request.config
  const names = linksInContainer ? links.map(({ name }) => name) : namesInside(request)
  return requireMembers(inside, request, links, names)
}

/** Each member belongs to its master. @param names of the members now @returns them, in order @throws CniError */
export function requireMembers(
  inside: Socket,
  { ifname, netns }: Pick<Request, 'ifname' | 'netns'>,
  links: MemberConfig['links'],
  names = links.map(({ name }) => name),
): Link[] {
  const master = findLink(inside, ifname)?.index
  const members = names
    .flatMap((name) => findLink(inside, name) ?? [])
    .filter((link) => link.master !== undefined && link.master === master)
  if (members.length === links.length) return members
  const has = (name = '') => members.some((link) => link.name === name || link.altNames?.includes(name))
  const lost = links.filter((_, index) => !has(names[index])).map(({ name }) => name)
  throw broken(`${ifname} has lost ${lost.join(', ')}`, {
    see: commandIn({ netns }, `ip -d link show master ${ifname}`),
  })
}
