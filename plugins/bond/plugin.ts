/** bond: several interfaces become one of a container, which lives on when one of them fails. */

import type { Request } from '../../shared/cni/plugin.ts'
import type { Life } from '../../shared/device/device.ts'
import { checkInside, createInside } from '../../shared/device/inside.ts'
import { requireKind } from '../../shared/device/kind.ts'
import { collectLoans, giveBack } from '../../shared/device/lent.ts'
import { requestedMac } from '../../shared/device/mac.ts'
import {
  checkMembers,
  joinMembers,
  mtuAmong,
  settleMembers,
  takeMembers,
} from '../../shared/device/members.ts'
import { interfacePlugin } from '../../shared/device/plugin.ts'
import { hostSocket, type Wiring } from '../../shared/device/wiring.ts'
import { bondKind } from '../../shared/netlink/bond.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { transact } from '../../shared/netlink/socket.ts'
import { type BondConfig, config } from './config.ts'
import { checkMemberOptions, checkOptions, memberChanges, optionsOf } from './options.ts'

const kind = 'bond'

export const bond = interfacePlugin<BondConfig, Link[]>({
  name: 'bond',
  summary: 'makes one interface of several, by the bonding driver: one fails, and traffic goes on',
  config,
  prepare: requestedMac,
  create,
  interfaces: () => [],
  settle: settleMembers,
  // Setting its MAC address would give balance-tlb's members all the same one.
  announcesWhenUp: true,
  remove: (request) => [() => giveBack(hostSocket(), request)],
  gc: (request) => [() => collectLoans(hostSocket(), request)],
  check,
  status: () => requireKind(hostSocket(), kind),
})

/** The driver wants its options before there are members, and of members what is theirs afterwards. */
function create(life: Life<BondConfig>): Link[] {
  const { config } = life.request
  const members = takeMembers(life)
  const own = { mac: requestedMac(life.request), mtu: mtuAmong(members, config) }
  createInside(life, { ...own, ...bondKind(optionsOf(config, members)) })
  joinMembers(life, members)
  transact(life.inside, memberChanges(members, config))
  return members
}

function check(wiring: Wiring, request: Request<BondConfig>): void {
  const { config, netns, ifname } = request
  const show = `nsenter --net=${netns} ip -d link show`
  const link = checkInside(wiring, request, kind)
  const members = checkMembers(wiring, request)
  checkOptions(link, optionsOf(config, members), `${show} dev ${ifname}`)
  checkMemberOptions(members, config, `${show} master ${ifname}`)
}
