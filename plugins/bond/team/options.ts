/** The options of a team and of its members: from the configuration, and checked. */

import { broken, mismatch } from '../../../shared/attachment/broken.ts'
import { inWords } from '../../../shared/netlink/command.ts'
import type { Link } from '../../../shared/netlink/link.ts'
import type { TeamOption } from '../../../shared/netlink/team.ts'
import type { TeamConfig } from './config.ts'
import { hashProgram } from './hash.ts'

/** Options to set before there are members: the mode cannot be changed afterwards. */
export function teamOptions(config: TeamConfig): TeamOption[] {
  const { mode, xmitHashPolicy = 'layer2+3' } = config
  return [
    { name: 'mode', value: mode },
    ...optionIfSet('notify_peers_count', config.notifyPeersCount),
    ...optionIfSet('notify_peers_interval', config.notifyPeersInterval),
    ...optionIfSet('mcast_rejoin_count', config.mcastRejoinCount),
    ...optionIfSet('mcast_rejoin_interval', config.mcastRejoinInterval),
    ...optionIfSet('bpf_hash_func', mode === 'loadbalance' ? hashProgram(xmitHashPolicy) : undefined),
  ]
}

/** The options of members. @param members in the order of `links` */
export function memberOptions({ links }: TeamConfig, members: Link[]): TeamOption[] {
  return members.flatMap(({ index: port }, place) => {
    const { enabled, priority, queueId } = links[place] ?? {}
    return [
      ...optionIfSet('enabled', enabled, { port }),
      ...optionIfSet('priority', priority, { port, signed: true }),
      ...optionIfSet('queue_id', queueId, { port }),
    ]
  })
}

function optionIfSet(
  name: string,
  value?: TeamOption['value'],
  more: Partial<TeamOption> = {},
): TeamOption[] {
  return value === undefined ? [] : [{ name, value, ...more }]
}

/** The member that mode activebackup uses: activePort, or else the one of the highest priority among those with a carrier. */
export function activeMember({ activePort, links }: TeamConfig, members: Link[]): Link | undefined {
  if (activePort) return members[links.findIndex(({ name }) => name === activePort)]
  const ranked = members.flatMap((link, place) => {
    const { enabled = true, priority = 0 } = links[place] ?? {}
    return enabled ? [{ link, priority }] : []
  })
  ranked.sort((one, other) => other.priority - one.priority)
  return (ranked.find(({ link }) => link.carrier) ?? ranked[0])?.link
}

/** @throws CniError naming the first option that is not as configured */
export function checkOptions(
  team: Link,
  wanted: TeamOption[],
  actual: TeamOption[],
  members: Link[],
  show: string,
): void {
  for (const { name, value, port } of wanted) {
    const found = actual.find((option) => option.name === name && option.port === port)?.value
    if (inWords(found) === inWords(value)) continue
    const whose = members.find(({ index }) => index === port)?.name ?? team.name
    throw broken(mismatch(whose, name, found, value), { see: show })
  }
}
