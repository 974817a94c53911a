/** A bond on the host, the parent of later plugins in the list: the first attachment makes it, the last one deletes it. */

import type { Device, Life, Made, Trace } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { hostSocket, type Sides } from '../../shared/attachment/sides.ts'
import { hostListens, preferSysctl } from '../../shared/attachment/sysctl.ts'
import { withUndoNow } from '../../shared/attachment/undo.ts'
import type { Attachment, Request } from '../../shared/cni/plugin.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { runAllNow } from '../../shared/error/steps.ts'
import { currentNamespace } from '../../shared/kernel/namespace.ts'
import { giveBack, lentLinks } from '../../shared/lent/give-back.ts'
import { hasRecord, holdings, withLent } from '../../shared/lent/record.ts'
import { checkInside } from '../../shared/link/inside.ts'
import { requireKind } from '../../shared/link/kind.ts'
import { collectLinks, linksOf, releaseLinks, shareLink } from '../../shared/link/shared-link.ts'
import { seeLink } from '../../shared/netlink/command.ts'
import { changeLink, findLink, type Link } from '../../shared/netlink/link.ts'
import { ask, type Socket } from '../../shared/netlink/socket.ts'
import { withLinkLock } from '../../shared/state/lock.ts'
import { kind, makeBond, requireOptions } from './bond.ts'
import type { BondConfig } from './config.ts'
import { requireMembers, takeOwn } from './members.ts'
import { warnOfFailOverMac } from './words.ts'

/** The bond itself is the holder of its members, not an attachment. No network has an empty name. */
const noNetwork = ''

/** Where the bond is: the host's namespace, as if it were a container's. */
function onHostSides(host = hostSocket()): Sides {
  return { host, inside: host, container: currentNamespace() }
}

/** The holder of the bond's members: the bond, in the host's namespace. */
function holderOf({ bond = '' }: Pick<BondConfig, 'bond'>) {
  return { network: noNetwork, containerID: noNetwork, ifname: bond, netns: '/proc/self/ns/net' }
}

/** The bond of an attachment. The last attachment deletes it, and restores its members. */
export const hostBond: Trace<BondConfig> = {
  remove: (request) => {
    const host = hostSocket()
    // The configuration may have changed since ADD: the record names the bond of that time.
    const bonds = new Set([...linksOf(request), ...(request.config.bond ? [request.config.bond] : [])])
    const returns = [...bonds].map((bond) => () => giveBackOf(host, holderOf({ bond })))
    runAllNow([() => releaseLinks(host, request), ...returns])
  },
  collect: (request) => {
    const host = hostSocket()
    runAllNow([() => collectLinks(host, request), () => giveBackOfBonds(host)])
  },
}

/** The plugin with the key `bond`: later plugins give the container its interface. */
export const onHost: Device<BondConfig> = {
  gives: 'nothing',
  leaves: [hostBond, lentLinks],
  prepare: warnOfFailOverMac,
  create: share,
  check,
  status: () => requireKind(hostSocket(), kind),
}

/** Makes the bond, unless it exists. */
function share({ host, request, undo }: Life<BondConfig>): Made {
  const { config } = request
  undo(() => giveBackOf(host, holderOf(config)))
  const { name, mac, mtu } = shareLink(host, request, {
    name: config.bond ?? '',
    make: () => make(host, request),
    validate: (found) => requireSame(host, found, config),
  })
  return { interfaces: [{ name, mac, mtu }] }
}

function make(host: Socket, request: Request<BondConfig>): void {
  const { config, log } = request
  const holder = holderOf(config)
  const { ifname: name } = holder
  giveBack(host, withoutNetns(holder)) // the members of a bond that another tool deleted
  // MAC in CNI_ARGS is for the container's interface.
  const mac = requestedMac({ args: {}, config })
  withUndoNow((undo) => {
    const life = { ...onHostSides(host), undo, request }
    withLent(() => makeBond(life, { name, mac, members: takeOwn({ ...life, holder }, config.links) }, config))
    // The host does not use the bond itself: no address there, and no router advertisements.
    preferSysctl(log, hostListens(name), '1', 'ipv6', 'conf', name, 'disable_ipv6')
    ask(host, changeLink({ name }, { up: true }))
  })
}

/** Refuses an existing interface that is not what ADD would make: CHECK would fail, or the container lack its NIC. */
function requireSame(host: Socket, found: Link, config: BondConfig): void {
  const { name, kind: is = 'interface' } = found
  if (is !== kind) throw taken(name, `a ${is}, not a bond`)
  const others = config.links.filter((link) => findLink(host, link.name)?.master !== found.index)
  if (others.length > 0) throw taken(name, `a bond without ${others.map(({ name }) => name).join(', ')}`)
  try {
    requireWhole(host, found, config)
  } catch (error) {
    if (error instanceof CniError) throw taken(name, error.message)
    throw error
  }
}

/** The bond has its members and options. @throws CniError naming the first that differs */
function requireWhole(host: Socket, bond: Link, config: BondConfig): void {
  requireOptions(bond, requireMembers(host, holderOf(config), config.links), config, {})
}

function taken(name: string, what: string): CniError {
  return new CniError(Code.InvalidNetworkConfig, {
    msg: `bond: the host has ${name} already: ${what}: change the configuration, or choose another name`,
    hint: 'take the options and links of the existing bond, set another name, or delete the interface',
    see: seeLink(name),
    errno: 'EEXIST',
  })
}

/** The members have no marks on the host, so only the record tells them: the host's links need not be listed. */
function withoutNetns({ network, containerID, ifname }: Attachment): Attachment {
  return { network, containerID, ifname }
}

/** Gives back the members of a deleted bond. */
function giveBackOf(host: Socket, holder: Attachment): void {
  if (!hasRecord(holder)) return
  withLinkLock(holder.ifname, () => {
    if (!findLink(host, holder.ifname)) giveBack(host, withoutNetns(holder))
  })
}

/** The same for all bonds. */
function giveBackOfBonds(host: Socket): void {
  const bonds = holdings.all().filter(({ network }) => network === noNetwork)
  runAllNow(bonds.map((holder) => () => giveBackOf(host, holder)))
}

function check(_: Sides, { config }: Request<BondConfig>): void {
  const sides = onHostSides()
  requireWhole(sides.inside, checkInside(sides, holderOf(config), kind), config)
}
