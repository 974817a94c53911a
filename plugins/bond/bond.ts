/** Makes a bond from its members, and checks it. */

import type { Life } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import type { Sides } from '../../shared/attachment/sides.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { withLent } from '../../shared/lent/record.ts'
import { checkInside, createInside } from '../../shared/link/inside.ts'
import { bondKind } from '../../shared/netlink/bond.ts'
import type { Place } from '../../shared/netlink/command.ts'
import { findLink, type Link, listPorts } from '../../shared/netlink/link.ts'
import { transact } from '../../shared/netlink/socket.ts'
import type { BondConfig } from './config.ts'
import { shareMtu } from './member-mtu.ts'
import { checkMembers, joinMembers, type OfMembers, takeMembers } from './members.ts'
import { checkMemberOptions, checkOptions, memberChanges, optionsOf } from './options.ts'
import { failOverMacOf } from './words.ts'

export const kind = 'bond'

/** Makes the container's bond from its members. */
export function createBond(life: Life<BondConfig>): OfMembers {
  const { ifname, config } = life.request
  return withLent(() => {
    const members = takeMembers(life)
    makeBond(life, { name: ifname, mac: requestedMac(life.request), members }, config)
    return { members }
  })
}

/** The driver accepts the bond's options only without members, and the members' options only afterwards. */
export function makeBond(
  life: Pick<Life<unknown>, 'inside' | 'container' | 'undo' | 'request'>,
  { name, mac, members }: { name: string; mac?: string; members: Link[] },
  config: BondConfig,
): void {
  const own = { name, mac, mtu: shareMtu(life, members, config) }
  createInside(life, { ...own, ...bondKind(optionsOf(config, members)) })
  joinMembers(life, name, members)
  transact(life.inside, memberChanges(members, config))
}

/** CHECK. @throws CniError naming the first difference from what ADD made */
export function checkBond(sides: Sides, request: Request<BondConfig>): void {
  const link = checkInside(sides, request, kind)
  requireOptions(link, checkMembers(sides, request), request.config, request)
}

/** With failOverMac active, the bond has the MAC address of whichever member is active. */
export function failedOverMacs({ inside }: Sides, { ifname, config }: Request<BondConfig>): string[] {
  const bond = failOverMacOf(config) === 'active' ? findLink(inside, ifname) : undefined
  return bond ? listPorts(inside, bond).map(({ mac }) => mac) : []
}

/** A bond and its members have the options of the configuration. @throws CniError */
export function requireOptions(bond: Link, members: Link[], config: BondConfig, place: Place): void {
  checkOptions(bond, optionsOf(config, members), place)
  checkMemberOptions(members, config, place)
}
