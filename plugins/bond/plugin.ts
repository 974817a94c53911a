/** bond: makes one interface of several; when one fails, the others carry the traffic. */

import type { Device } from '../../shared/attachment/device.ts'
import { requestedMac } from '../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../shared/attachment/plugin.ts'
import { hostSocket } from '../../shared/attachment/sides.ts'
import { lentLinks } from '../../shared/lent/give-back.ts'
import { requireKind } from '../../shared/link/kind.ts'
import { checkBond, createBond, failedOverMacs, kind } from './bond.ts'
import { type BondConfig, config } from './config.ts'
import { type OfMembers, settleMembers } from './members.ts'
import { hostBond, onHost } from './on-host.ts'
import { warnOfFailOverMac } from './words.ts'

const inContainer: Device<BondConfig, OfMembers> = {
  leaves: [lentLinks, hostBond],
  prepare(request) {
    requestedMac(request)
    warnOfFailOverMac(request)
  },
  create: createBond,
  // Setting the bond's MAC address would give all members of balance-tlb the same one.
  bringUp: () => ({ upLast: true }),
  settle: settleMembers,
  macs: failedOverMacs,
  check: checkBond,
  status: () => requireKind(hostSocket(), kind),
}

export const bond = interfacePlugin<BondConfig>({
  name: 'bond',
  summary:
    'makes one interface of several, by the bonding driver: when one fails, the others carry the traffic',
  config,
  device: ({ bond }) => (bond ? onHost : inContainer),
})
