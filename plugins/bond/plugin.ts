/** bond: several interfaces become one of a container, which lives on when one of them fails. */

import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket } from '../../shared/attachment/wiring.ts'
import type { Plugin } from '../../shared/cni/plugin.ts'
import { runAll } from '../../shared/cni/steps.ts'
import { collectLoans, giveBack } from '../../shared/lent/lend.ts'
import { requireKind } from '../../shared/link/kind.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { checkBond, createBond, kind } from './bond.ts'
import { type BondConfig, config } from './config.ts'
import { settleMembers } from './members.ts'
import { addOnHost, checkOnHost, collectOnHost, releaseOnHost } from './on-host.ts'

const inContainer = interfacePlugin<BondConfig, Link[]>({
  name: 'bond',
  summary: 'makes one interface of several, by the bonding driver: one fails, and traffic goes on',
  config,
  prepare: requestedMac,
  create: createBond,
  interfaces: () => [],
  settle: settleMembers,
  // Setting its MAC address would give balance-tlb's members all the same one.
  announcesWhenUp: true,
  remove: (request) => [() => giveBack(hostSocket(), request)],
  gc: (request) => [() => collectLoans(hostSocket(), request), ...collectOnHost(request)],
  check: checkBond,
  status: () => requireKind(hostSocket(), kind),
})

export const bond: Plugin<BondConfig> = {
  ...inContainer,
  add: (request) => (request.config.bond ? addOnHost(request) : inContainer.add(request)),
  check: (request) => (request.config.bond ? checkOnHost(request) : inContainer.check(request)),
  del: (request) => (request.config.bond ? runAll(releaseOnHost(request)) : inContainer.del(request)),
}
