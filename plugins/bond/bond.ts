/** A bond: how it is made of its members, and what CHECK must find of it. */

import type { Life } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import type { Wiring } from '../../shared/attachment/wiring.ts'
import type { Request } from '../../shared/cni/plugin.ts'
import { checkInside, createInside } from '../../shared/link/inside.ts'
import { bondKind } from '../../shared/netlink/bond.ts'
import { commandIn } from '../../shared/netlink/command.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { transact } from '../../shared/netlink/socket.ts'
import type { BondConfig } from './config.ts'
import { checkMembers, joinMembers, mtuAmong, takeMembers } from './members.ts'
import { checkMemberOptions, checkOptions, memberChanges, optionsOf } from './options.ts'

export const kind = 'bond'

/** The driver wants its options before there are members, and of members what is theirs afterwards. @returns the members */
export function createBond(life: Life<BondConfig>): Link[] {
  const { config } = life.request
  const members = takeMembers(life)
  const own = { mac: requestedMac(life.request), mtu: mtuAmong(members, config) }
  createInside(life, { ...own, ...bondKind(optionsOf(config, members)) })
  joinMembers(life, members)
  transact(life.inside, memberChanges(members, config))
  return members
}

/** @throws CniError naming the first thing that is not as ADD left it */
export function checkBond(wiring: Wiring, request: Request<BondConfig>): void {
  const { config, ifname } = request
  const show = commandIn(request, 'ip -d link show')
  const link = checkInside(wiring, request, kind)
  const members = checkMembers(wiring, request)
  checkOptions(link, optionsOf(config, members), `${show} dev ${ifname}`)
  checkMemberOptions(members, config, `${show} master ${ifname}`)
}
