/** team: makes one interface of several, by the team driver. */

import { requestedMac } from '../../../shared/attachment/mac.ts'
import { interfacePlugin } from '../../../shared/attachment/plugin.ts'
import { hostSocket } from '../../../shared/attachment/sides.ts'
import { lentLinks } from '../../../shared/lent/give-back.ts'
import { withLent } from '../../../shared/lent/record.ts'
import { requireKind } from '../../../shared/link/kind.ts'
import { type OfMembers, settleMembers } from '../members.ts'
import { config, type TeamConfig } from './config.ts'
import { checkTeam, createTeam, kind } from './team.ts'

export const team = interfacePlugin<TeamConfig, OfMembers>({
  name: 'team',
  summary: 'makes one interface of several, by the team driver',
  config,
  device: {
    leaves: [lentLinks],
    prepare: requestedMac,
    create: (life) => withLent(() => createTeam(life)),
    bringUp: () => ({ upLast: true }),
    settle: settleMembers,
    check: checkTeam,
    status: () => requireKind(hostSocket(), kind),
  },
})
