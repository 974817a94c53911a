/** The configuration of a team network. The descriptions become the README's table and the JSON Schema. */

import { type Config, network } from '../../../shared/config/config.ts'
import { onlyIn } from '../../../shared/config/rules.ts'
import {
  boolean,
  describe,
  integer,
  linkName,
  oneOf,
  optional,
  withDefault,
} from '../../../shared/config/schema.ts'
import type { Complaint } from '../../../shared/error/error.ts'
import { possibleMtu } from '../../../shared/link/keys.ts'
import { teamModes } from '../../../shared/netlink/team.ts'
import { memberKeys, requireMembersOnce } from '../member-keys.ts'
import { hashPolicies } from './hash.ts'

const u8 = integer({ min: 0, max: 0xff })
const u16 = integer({ min: 0, max: 0xffff })
/** A team has 16 transmit queues (TEAM_DEFAULT_NUM_TX_QUEUES, include/linux/if_team.h), numbered from 0. */
const queue = integer({ min: 0, max: 15 })

const shape = {
  mode: describe(withDefault(oneOf(...teamModes), 'roundrobin'), 'How the members share the traffic.'),
  ...memberKeys({
    enabled: describe(optional(boolean), 'Whether the member is used. Default: yes.'),
    priority: describe(
      optional(integer({ min: -0x80000000, max: 0x7fffffff })),
      'In mode activebackup, the highest of those with a carrier becomes the active member.',
    ),
    queueId: describe(optional(queue), 'The transmit queue that leads to this member. 0: none.'),
  }),
  activePort: describe(
    optional(linkName),
    'The member that is used in mode activebackup. Default: by priority, of those with a carrier.',
  ),
  xmitHashPolicy: describe(
    optional(oneOf(...hashPolicies)),
    'Which fields of a packet choose its member in mode loadbalance. Default: layer2+3.',
  ),
  notifyPeersCount: describe(
    optional(u8),
    'How many times the addresses are announced after a change of members.',
  ),
  notifyPeersInterval: describe(optional(u16), 'The time between these announcements, in milliseconds.'),
  mcastRejoinCount: describe(optional(u8), 'How many IGMP membership reports are sent after such a change.'),
  mcastRejoinInterval: describe(optional(u16), 'The time between these reports, in milliseconds.'),
}

export type TeamConfig = Config<typeof shape>

export const config = network(shape, {
  rules: [
    requireMembersOnce,
    onlyIn('activePort', { mode: 'activebackup' }),
    onlyIn('xmitHashPolicy', { mode: 'loadbalance' }),
    activeIsMember,
    possibleMtu,
  ],
})

function activeIsMember({ activePort, links }: TeamConfig): Complaint | undefined {
  const link = links.find(({ name }) => name === activePort)
  if (!activePort || (link && link.enabled !== false)) return undefined
  const why = link ? 'which is not enabled' : 'which is not among links'
  return { msg: `activePort is "${activePort}", ${why}`, hint: 'name a member of links that is enabled' }
}
