/** team: several interfaces become one of a container, by the team driver. */

import { requireKind } from '../../shared/device/kind.ts'
import { collectLoans, giveBack } from '../../shared/device/lent.ts'
import { requestedMac } from '../../shared/device/mac.ts'
import { settleMembers } from '../../shared/device/members.ts'
import { interfacePlugin } from '../../shared/device/plugin.ts'
import { hostSocket } from '../../shared/device/wiring.ts'
import type { Link } from '../../shared/netlink/link.ts'
import { config, type TeamConfig } from './config.ts'
import { checkTeam, createTeam, kind } from './team.ts'

export const team = interfacePlugin<TeamConfig, Link[]>({
  name: 'team',
  summary: 'makes one interface of several, by the team driver',
  config,
  prepare: requestedMac,
  create: createTeam,
  interfaces: () => [],
  settle: settleMembers,
  announcesWhenUp: true,
  remove: (request) => [() => giveBack(hostSocket(), request)],
  gc: (request) => [() => collectLoans(hostSocket(), request)],
  check: checkTeam,
  status: () => requireKind(hostSocket(), kind),
})
